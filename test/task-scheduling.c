// SPDX-License-Identifier: GPL-2.0-only
/* Nice values and scheduling policies of children and of a thread. */
#include <sched.h>
#include <sys/resource.h>

#include "test/crtest.h"

static struct task *tasks[6];

static void set_nice(void *arg)
{
	must(setpriority(PRIO_PROCESS, 0, (long)arg));
}

static void same_nice(void *arg)
{
	check_eq(getpriority(PRIO_PROCESS, 0), (long)arg);
}

static void set_rr(void *arg)
{
	struct sched_param p = { .sched_priority = 3 };

	/* Group scheduling may leave a container no real time at all. */
	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &p))
		*(bool *)arg = false;
}

static void same_rr(void *arg)
{
	struct sched_param p;

	if (!*(bool *)arg)
		return;
	check_eq(sched_getscheduler(0), SCHED_RR | SCHED_RESET_ON_FORK);
	check_eq(sched_getparam(0, &p), 0);
	check_eq(p.sched_priority, 3);
}

static void set_batch(void *arg)
{
	must(sched_setscheduler(0, (long)arg, &(struct sched_param){ 0 }));
	must(setpriority(PRIO_PROCESS, 0, 5));
}

static void same_batch(void *arg)
{
	check_eq(sched_getscheduler(0), (long)arg);
	check_eq(getpriority(PRIO_PROCESS, 0), 5);
}

static void arrange(void)
{
	bool *has = shared_alloc(sizeof(*has));

	*has = true;
	tasks[0] = task_child(set_nice, same_nice, (void *)-20l);
	tasks[1] = task_child(set_nice, same_nice, (void *)19l);
	tasks[2] = task_child(set_nice, same_nice, (void *)1l);
	tasks[3] = task_child(set_rr, same_rr, has);
	tasks[4] = task_child(set_batch, same_batch, (void *)SCHED_BATCH);
	tasks[5] = task_thread(set_nice, same_nice, (void *)7l);
}

static void verify(void)
{
	check_eq(getpriority(PRIO_PROCESS, 0), 0);
	for (int i = 0; i < 6; i++)
		task_join(tasks[i]);
}

CRTEST(.about = "nice values and scheduling policies", .ids = "CR-17 CR-18", .root = true, .arrange = arrange,
       .verify = verify)
