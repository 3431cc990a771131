// SPDX-License-Identifier: GPL-2.0-only
/* PR_SET_MEMORY_MERGE, an area that is exempt from it, and a child without it. */
#include "test/crtest.h"

#define SET_MEMORY_MERGE 67
#define GET_MEMORY_MERGE 68

static char *area, *exempt, *later;
static char flags[2][256];
static struct task *child;

static void off(void *arg)
{
	must(prctl(SET_MEMORY_MERGE, 0, 0, 0, 0));
}

static void is_off(void *arg)
{
	check_eq(prctl(GET_MEMORY_MERGE, 0, 0, 0, 0), 0);
}

static void arrange(void)
{
	char *room = map_anon(8 * PAGE, PROT_NONE, 0);

	if (prctl(SET_MEMORY_MERGE, 1, 0, 0, 0))
		skip("this kernel has no PR_SET_MEMORY_MERGE: %s", strerror(errno));
	area = room + PAGE;
	exempt = room + 4 * PAGE;
	must(mprotect(area, PAGE, PROT_READ | PROT_WRITE));
	must(mprotect(exempt, PAGE, PROT_READ | PROT_WRITE));
	must(madvise(exempt, PAGE, MADV_UNMERGEABLE));
	area[0] = 'a';
	exempt[0] = 'e';
	child = task_child(off, is_off, NULL);
	snprintf(flags[0], sizeof(flags[0]), "%s", vm_flags(area));
	snprintf(flags[1], sizeof(flags[1]), "%s", vm_flags(exempt));
}

static void verify(void)
{
	check_eq(prctl(GET_MEMORY_MERGE, 0, 0, 0, 0), 1);
	check_str(vm_flags(area), flags[0]);
	check_str(vm_flags(exempt), flags[1]);
	check(strstr(flags[0], " mg"));
	check(!strstr(flags[1], " mg"));
	later = map_anon(PAGE, PROT_READ, 0);
	check(strstr(vm_flags(later), " mg"));
	task_join(child);
}

CRTEST(.about = "merging of equal pages", .ids = "MEM-3", .arrange = arrange, .verify = verify)
