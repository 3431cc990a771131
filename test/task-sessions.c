// SPDX-License-Identifier: GPL-2.0-only
/* Sessions and process groups of children and grandchildren stay. */
#include "test/crtest.h"

struct ids {
	pid_t pid, parent, group, session;
};

static struct task *tasks[4];
static struct ids *ids;

static void note(struct ids *i)
{
	*i = (struct ids){ getpid(), getppid(), getpgid(0), getsid(0) };
}

static void same(void *arg)
{
	struct ids now;

	note(&now);
	check_mem(&now, (struct ids *)arg, sizeof(now));
}

static void plain(void *arg)
{
	note(arg);
}

static void own_group(void *arg)
{
	must(setpgid(0, 0));
	note(arg);
}

static struct task *grandchild;

static void own_session(void *arg)
{
	must(setsid());
	note(arg);
	grandchild = task_child(own_group, same, (struct ids *)arg + 1);
}

static void same_and_grandchild(void *arg)
{
	same(arg);
	task_join(grandchild);
}

/* In the group of a sibling. */
static void others_group(void *arg)
{
	must(setpgid(0, task_pid(tasks[1])));
	note(arg);
}

static void arrange(void)
{
	ids = shared_alloc(5 * sizeof(*ids));
	tasks[0] = task_child(own_session, same_and_grandchild, &ids[0]);
	tasks[1] = task_child(own_group, same, &ids[2]);
	tasks[2] = task_child(others_group, same, &ids[3]);
	tasks[3] = task_child(plain, same, &ids[4]);
}

static void verify(void)
{
	check_eq(getsid(0), getpid());
	check_eq(getpgid(0), getpid());
	/* The group's leader goes last. */
	task_join(tasks[0]);
	task_join(tasks[2]);
	task_join(tasks[1]);
	task_join(tasks[3]);
}

CRTEST(.about = "sessions and process groups", .ids = "PT-8", .arrange = arrange, .verify = verify)
