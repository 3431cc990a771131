// SPDX-License-Identifier: GPL-2.0-only
/* PR_SET_THP_DISABLE stays set and can be cleared; the flags of an area of huge page size are those from before; a child without it. */
#include "test/crtest.h"

#define LEN (2ul << 20)

static char *area;
static char flags[256];
static struct task *child;

static void allow(void *arg)
{
	must(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
}

static void allowed(void *arg)
{
	check_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
}

static void arrange(void)
{
	must(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	area = map_anon(LEN, PROT_READ | PROT_WRITE, 0);
	fill_random(area, LEN, 25);
	child = task_child(allow, allowed, NULL);
	snprintf(flags, sizeof(flags), "%s", vm_flags(area));
}

static void verify(void)
{
	check_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
	check_str(vm_flags(area), flags);
	check_random(area, LEN, 25);
	must(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
	check_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
	task_join(child);
}

CRTEST(.about = "no transparent huge pages", .ids = "MEM-25", .arrange = arrange, .verify = verify)
