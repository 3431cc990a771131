// SPDX-License-Identifier: GPL-2.0-only
/* PR_SET_MDWE: nothing writable becomes executable, but what was both before stays so. */
#include "test/crtest.h"

#define SET_MDWE   65
#define GET_MDWE   66
#define NO_INHERIT 2

static char *both;
static struct task *child;

static void check_child(void *arg)
{
	check_eq(prctl(GET_MDWE, 0, 0, 0, 0), 0);
	must(mprotect(map_anon(PAGE, PROT_READ, 0), PAGE, PROT_EXEC));
}

static void arrange(void)
{
	both = map_anon(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, 0);
	both[0] = 'b';
	if (prctl(SET_MDWE, 1 | NO_INHERIT, 0, 0, 0))
		skip("no PR_SET_MDWE with PR_MDWE_NO_INHERIT: %s", strerror(errno));
	child = task_child(NULL, check_child, NULL);
}

static void verify(void)
{
	check_eq(prctl(GET_MDWE, 0, 0, 0, 0), 1 | NO_INHERIT);
	check_eq(both[0], 'b');
	both[0] = 'c';
	check_fails(mprotect(map_anon(PAGE, PROT_READ, 0), PAGE, PROT_EXEC), EACCES);
	check_fails(mmap(NULL, PAGE, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EACCES);
	task_join(child);
}

CRTEST(.about = "memory is written to or executed, not both", .ids = "MEM-1", .arrange = arrange, .verify = verify)
