// SPDX-License-Identifier: GPL-2.0-only
/* Real, effective, saved and filesystem ids that all differ. */
#include <sys/fsuid.h>

#include "test/crtest.h"

static struct task *child;

static void set_ids(void *arg)
{
	must(setresgid(5, 6, 7));
	must(setfsgid(8));
	must(setresuid(1, 2, 3));
	must(setfsuid(2));
	/* A change of ids cleared these. */
	must(prctl(PR_SET_DUMPABLE, 1));
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
}

static void same_ids(void *arg)
{
	uid_t r, e, s;

	check_eq(getresuid(&r, &e, &s), 0);
	check_eq(r, 1);
	check_eq(e, 2);
	check_eq(s, 3);
	check_eq(setfsuid(-1), 2);
	check_eq(getresgid(&r, &e, &s), 0);
	check_eq(r, 5);
	check_eq(e, 6);
	check_eq(s, 7);
	check_eq(setfsgid(-1), 8);
}

static void arrange(void)
{
	child = task_child(set_ids, same_ids, NULL);
}

static void verify(void)
{
	task_join(child);
}

CRTEST(.about = "user and group ids", .ids = "CR-1", .root = true, .arrange = arrange, .verify = verify)
