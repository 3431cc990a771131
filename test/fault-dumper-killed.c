// SPDX-License-Identifier: GPL-2.0-only
/* cr-dump is killed when it begins to run code in the tree: nobody notices, and the next dump succeeds at once. */
#define CRTEST_FAULT 1
#include "test/crtest.h"

static struct task *thread, *child;

static void nothing(void *arg)
{
}

static void arrange(void)
{
	thread = task_thread(nothing, nothing, NULL);
	child = task_child(nothing, nothing, NULL);
}

static void verify(void)
{
	task_join(thread);
	task_join(child);
}

CRTEST(.about = "a dump that is killed", .ids = "G-31 G-32", .arrange = arrange, .verify = verify)
