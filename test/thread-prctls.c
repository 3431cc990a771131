// SPDX-License-Identifier: GPL-2.0-only
/* What prctl sets for a thread: timer slack and its default, mitigations, the trap for RDTSC, what a memory error means. */
#include <linux/prctl.h>

#include "test/crtest.h"

#ifndef PR_SPEC_L1D_FLUSH
#define PR_SPEC_L1D_FLUSH 2
#endif
#define NR_SPEC 3

struct values {
	long slack, default_slack, mce, spec[NR_SPEC];
	int tsc;
};

static struct task *tasks[4];
static struct values *all;

static void get(struct values *v)
{
	v->slack = prctl(PR_GET_TIMERSLACK);
	v->mce = prctl(PR_MCE_KILL_GET, 0, 0, 0, 0);
	for (int i = 0; i < NR_SPEC; i++)
		v->spec[i] = prctl(PR_GET_SPECULATION_CTRL, i, 0, 0, 0);
	must(prctl(PR_GET_TSC, &v->tsc));
	must(prctl(PR_SET_TIMERSLACK, 0));
	v->default_slack = prctl(PR_GET_TIMERSLACK);
	must(prctl(PR_SET_TIMERSLACK, v->slack));
}

static void same(void *arg)
{
	const struct values *want = &all[(long)arg];
	struct values now;

	get(&now);
	check_eq(now.slack, want->slack);
	check_eq(now.default_slack, want->default_slack);
	check_eq(now.mce, want->mce);
	check_eq(now.tsc, want->tsc);
	for (int i = 0; i < NR_SPEC; i++)
		check_eq(now.spec[i], want->spec[i]);
}

static void set(void *arg)
{
	must(prctl(PR_SET_TIMERSLACK, 123456 + (long)arg));
	must(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, (long)arg % 2 ? PR_MCE_KILL_EARLY : PR_MCE_KILL_LATE, 0, 0));
	must(prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
	for (int i = 0; i < NR_SPEC; i++) /* not every CPU has the bug */
		if (prctl(PR_GET_SPECULATION_CTRL, i, 0, 0, 0) & PR_SPEC_PRCTL)
			prctl(PR_SET_SPECULATION_CTRL, i, PR_SPEC_DISABLE, 0, 0);
	get(&all[(long)arg]);
}

static void nothing(void *arg)
{
	get(&all[(long)arg]);
}

static void arrange(void)
{
	all = shared_alloc(5 * sizeof(*all));
	tasks[0] = task_thread(set, same, (void *)0l);
	tasks[1] = task_child(set, same, (void *)1l);
	must(prctl(PR_SET_TIMERSLACK, 70000));
	tasks[2] = task_child(nothing, same, (void *)2l);
	tasks[3] = task_thread(nothing, same, (void *)3l);
	must(prctl(PR_SET_TIMERSLACK, 80000));
	get(&all[4]);
}

static void verify(void)
{
	same((void *)4l);
	check_eq(all[2].default_slack, 70000);
	for (int i = 0; i < 4; i++)
		task_join(tasks[i]);
}

CRTEST(.about = "timer slack, mitigations, RDTSC, memory errors", .arrange = arrange, .verify = verify)
