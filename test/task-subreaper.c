// SPDX-License-Identifier: GPL-2.0-only
/* A sub-reaper stays one, and works for grandchildren that existed at the dump. */
#include "test/crtest.h"

static struct task *child, *grandchild;
static uint32_t *orphaned;
static pid_t self;

static void await_orphanage(void *arg)
{
	cell_wait(orphaned, 1);
	check_eq(getppid(), self);
}

static void outlive_parent(void *arg)
{
	must(prctl(PR_SET_PDEATHSIG, 0));
}

static void has_child(void *arg)
{
	struct task **out = arg;

	*out = task_child(outlive_parent, await_orphanage, NULL);
}

static void arrange(void)
{
	struct task **out = shared_alloc(sizeof(*out));

	self = getpid();
	orphaned = shared_alloc(sizeof(*orphaned));
	must(prctl(PR_SET_CHILD_SUBREAPER, 1));
	child = task_child(has_child, NULL, out);
	grandchild = *out;
}

static void verify(void)
{
	int set = 0, status = -1;

	check_eq(prctl(PR_GET_CHILD_SUBREAPER, &set), 0);
	check_eq(set, 1);
	task_wake(grandchild);
	task_join(child);
	cell_set(orphaned, 1);
	check_eq(waitpid(task_pid(grandchild), &status, 0), task_pid(grandchild));
	check_eq(status, 0);
}

CRTEST(.about = "sub-reaper", .ids = "PT-16 PT-17", .arrange = arrange, .verify = verify)
