// SPDX-License-Identifier: GPL-2.0-only
/*
 * What prctl(2) and its like set for a thread and only the thread itself can tell: timer slack, mitigations of CPU bugs, traps for RDTSC and
 * CPUID, what happens to it after a memory error, whether it is part of the I/O path. What is lost: the default timer slack of a
 * real-time thread, which shows none.
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/kernel.h"
#include "cr-dump/task.h"

#define STAT_FLAGS     9	  /* field of /proc/PID/stat, see proc(5) */
#define IO_FLUSHER     0x00180000 /* PF_MEMALLOC_NOIO and PF_LOCAL_THROTTLE in it */
#define NR_SPECULATION 3	  /* store bypass, indirect branches, L1D flush */

enum { ASK_SLACK, ASK_SLACK_RESET, ASK_SLACK_DEFAULT, ASK_SLACK_BACK, ASK_TSC, ASK_MCE, ASK_FLUSHER, ASK_SPECULATION };
#define ASK_CPUID (ASK_SPECULATION + NR_SPECULATION)

/* The default timer slack is told only to who goes back to it for a moment. */
static void prctl_ask_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct prog *p)
{
	uint32_t slack = PROG(p, SYS_prctl, PR_GET_TIMERSLACK);

	prog_any(p); /* slacks of almost 2^64 look like errors */
	PROG(p, SYS_prctl, PR_SET_TIMERSLACK, 0);
	PROG(p, SYS_prctl, PR_GET_TIMERSLACK);
	prog_any(p);
	PROG(p, SYS_prctl, PR_SET_TIMERSLACK);
	prog_ref(p, 1, slack);
	PROG(p, SYS_prctl, PR_GET_TSC, prog_room(p, sizeof(int), NULL));
	prog_any(p);
	PROG(p, SYS_prctl, PR_MCE_KILL_GET);
	PROG(p, SYS_prctl, PR_GET_IO_FLUSHER);
	prog_any(p);
	for (int i = 0; i < NR_SPECULATION; i++) {
		PROG(p, SYS_prctl, PR_GET_SPECULATION_CTRL, i);
		prog_any(p);
	}
#ifdef SYS_arch_prctl
	PROG(p, SYS_arch_prctl, KERNEL_ARCH_GET_CPUID);
	prog_any(p);
#endif
}

static void save_slack(ThreadCoreEntry *core, const struct prog *p, uint32_t at)
{
	PB_SET(core, timer_slack_ns, prog_result(p, at + ASK_SLACK));
	if (prog_result(p, at + ASK_SLACK_DEFAULT))
		PB_SET(core, default_timer_slack_ns, prog_result(p, at + ASK_SLACK_DEFAULT));
}

static void save_speculation(struct dump_ctx *ctx, ThreadCoreEntry *core, const struct prog *p, uint32_t at)
{
	for (int i = 0; i < NR_SPECULATION; i++)
		if (prog_result(p, at + ASK_SPECULATION + i) >= 0)
			*POOL_PUSH(&ctx->pool, core->speculation, core->n_speculation) =
				prog_result(p, at + ASK_SPECULATION + i);
		else
			break;
}

/* Without CAP_SYS_RESOURCE a thread may not ask; the flags of the task, which the kernel shows in stat, tell it too. */
static int save_flusher(struct dump_ctx *ctx, struct task *t, struct thread *th, int64_t answer, struct err *e)
{
	uint64_t flags = t->threads[0].core->tc->flags;
	char name[48], *stat;
	size_t len;

	if (answer < 0 && th != &t->threads[0]) {
		snprintf(name, sizeof(name), "task/%d/stat", th->tr.tid);
		if (proc_read(ctx, t, name, &stat, &len, e))
			return -1;
		flags = stat_field(stat, STAT_FLAGS);
	}
	if (answer < 0 ? (flags & IO_FLUSHER) == IO_FLUSHER : answer > 0)
		PB_SET(th->core->thread_core, io_flusher, true);
	return 0;
}

static int prctl_save_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e)
{
	ThreadCoreEntry *core = th->core->thread_core;
	const struct prog *p = &th->prog;
	const int *tsc = answer(p, at + ASK_TSC, 1);

	save_slack(core, p, at);
	if (!prog_result(p, at + ASK_TSC))
		PB_SET(core, tsc, *tsc);
	PB_SET(core, mce_kill, prog_result(p, at + ASK_MCE));
	save_speculation(ctx, core, p, at);
#ifdef SYS_arch_prctl
	if (!prog_result(p, at + ASK_CPUID))
		PB_SET(core, cpuid_faults, true);
#endif
	return save_flusher(ctx, t, th, prog_result(p, at + ASK_FLUSHER), e);
}

const struct dump_part dump_prctl = {
	.name = "thread attributes",
	.ask_thread = prctl_ask_thread,
	.save_thread = prctl_save_thread,
};
