// SPDX-License-Identifier: GPL-2.0-only
/*
 * What prctl(2) and its like set for a thread: timer slack, mitigations of CPU bugs, traps for RDTSC and CPUID, memory errors, the I/O path.
 * What is as the director's own, which everything here is born with, needs no call.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/have_cap.h"
#include "base/kernel.h"
#include "cr-restore/state.h"

#define UNKNOWN (-1)

static bool is_flusher(const ThreadCoreEntry *c)
{
	return c->has_io_flusher && c->io_flusher;
}

static int prctl_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	for (size_t i = 0; i < t->nr_threads; i++) {
		const ThreadCoreEntry *c = t->threads[i].core->thread_core;

		if (is_flusher(c) && !have_cap(CAP_SYS_RESOURCE))
			problem(ctx, "give cr-restore CAP_SYS_RESOURCE",
				"thread %d is part of the I/O path (PR_SET_IO_FLUSHER)", t->threads[i].tid);
	}
	return 0;
}

static int own_tsc(void)
{
	int mode;

	return prctl(PR_GET_TSC, &mode) ? UNKNOWN : mode;
}

/* Where threads cannot choose, all have what the machine has. */
static void put_speculation(const ThreadCoreEntry *c, struct prog *p)
{
	for (size_t i = 0; i < c->n_speculation; i++) {
		int own = prctl(PR_GET_SPECULATION_CTRL, i, 0, 0, 0);

		if (own > 0 && own & PR_SPEC_PRCTL && c->speculation[i] & PR_SPEC_PRCTL &&
		    (int)c->speculation[i] != own)
			PROG(p, SYS_prctl, PR_SET_SPECULATION_CTRL, i, c->speculation[i] & ~PR_SPEC_PRCTL);
	}
}

static int prctl_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p,
			struct err *e)
{
	const ThreadCoreEntry *c = th->core->thread_core;

	if (c->has_timer_slack_ns && c->timer_slack_ns)
		PROG(p, SYS_prctl, PR_SET_TIMERSLACK, c->timer_slack_ns);
	put_speculation(c, p);
	if (c->has_mce_kill && (int)c->mce_kill != prctl(PR_MCE_KILL_GET, 0, 0, 0, 0))
		PROG(p, SYS_prctl, PR_MCE_KILL, PR_MCE_KILL_SET, c->mce_kill);
	if (is_flusher(c))
		PROG(p, SYS_prctl, PR_SET_IO_FLUSHER, 1);
	if (c->has_tsc && (int)c->tsc != own_tsc())
		PROG(p, SYS_prctl, PR_SET_TSC, c->tsc);
#ifdef SYS_arch_prctl
	if (c->has_cpuid_faults && c->cpuid_faults)
		PROG(p, SYS_arch_prctl, KERNEL_ARCH_SET_CPUID, 0);
#endif
	return 0;
}

const struct restore_state restore_prctl = {
	.name = "prctl",
	.check = prctl_check,
	.thread = prctl_thread,
};
