// SPDX-License-Identifier: GPL-2.0-only
/* Supplementary groups: a long list, and none at all. */
#include <grp.h>

#include "test/crtest.h"

#define GROUPS 100

static struct task *child;

static void no_groups(void *arg)
{
	must(setgroups(0, NULL));
}

static void still_none(void *arg)
{
	check_eq(getgroups(0, NULL), 0);
}

static void arrange(void)
{
	gid_t groups[GROUPS];

	for (int i = 0; i < GROUPS; i++)
		groups[i] = 1000 + 7 * i;
	child = task_child(no_groups, still_none, NULL);
	must(setgroups(GROUPS, groups));
}

static void verify(void)
{
	gid_t groups[GROUPS + 1];

	check_eq(getgroups(GROUPS + 1, groups), GROUPS);
	for (int i = 0; i < GROUPS; i++)
		check_eq(groups[i], 1000 + 7 * i);
	task_join(child);
}

CRTEST(.about = "supplementary groups", .ids = "CR-2", .root = true, .arrange = arrange, .verify = verify)
