// SPDX-License-Identifier: GPL-2.0-only
/* Scheduling policy, priority and nice value, per thread. What is as the director's own needs no call and no privilege. */
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "cr-restore/state.h"

static int sched_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p,
			struct err *e)
{
	const ThreadCoreEntry *c = th->core->thread_core;
	int own_policy = sched_getscheduler(0), own_nice = getpriority(PRIO_PROCESS, 0);
	const struct sched_param param = { .sched_priority = c->has_sched_prio ? c->sched_prio : 0 };

	if (c->has_sched_nice && c->sched_nice != own_nice)
		PROG(p, SYS_setpriority, PRIO_PROCESS, 0, c->sched_nice);
	if (c->has_sched_policy && ((int)c->sched_policy != own_policy || param.sched_priority))
		PROG(p, SYS_sched_setscheduler, 0, c->sched_policy, prog_bytes(p, &param, sizeof(param)));
	return 0;
}

const struct restore_state restore_sched = {
	.name = "sched",
	.thread = sched_thread,
};
