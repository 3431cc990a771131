// SPDX-License-Identifier: GPL-2.0-only
/* Signal actions, alternate stacks and queues. Masks are set by release.c: until then everything is blocked. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "cr-restore/birth.h"
#include "cr-restore/exit_signal.h"
#include "cr-restore/state.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

#define LAST_SIGNAL 64

struct kernel_sigaction {
	uint64_t handler, flags, restorer, mask;
};

static uint64_t put_action(struct prog *p, const SaEntry *s)
{
	const struct kernel_sigaction a = { s->sigaction, s->flags, s->restorer, s->mask };

	return prog_bytes(p, &a, sizeof(a));
}

static void forget(struct prog *p, int sig)
{
	const struct kernel_sigaction ignore = { .handler = (uint64_t)SIG_IGN };

	PROG(p, SYS_rt_sigaction, sig, prog_bytes(p, &ignore, sizeof(ignore)), 0, sizeof(ignore.mask));
}

/*
 * The deaths of zombies and the stops of children have left a SIGCHLD pending that the task never had: ignoring the signal for a moment
 * throws it away. What was pending at the dump is queued afterwards.
 */
static void forget_deaths(struct restore_ctx *ctx, const struct rtask *t, struct prog *p)
{
	uint64_t others = 0;

	forget(p, SIGCHLD);
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *c = ctx->tasks[i];
		int sig = exit_signal_of(c);

		if (c->parent == t && c->state == TASK_DEAD && sig && sig != SIGCHLD)
			others |= 1ULL << (sig - 1);
	}
	for (int sig = 1; sig <= LAST_SIGNAL; sig++)
		if (others & 1ULL << (sig - 1))
			forget(p, sig);
}

static int check_exit_signal(struct restore_ctx *ctx, const struct rtask *t, struct err *e)
{
	const struct rtask *cloner = t->born->cloner;

	if (exit_signal_of(t) < 0 || exit_signal_of(t) > LAST_SIGNAL)
		return err_set(e, 0, "core-%d.img: %d is no signal", t->pid, exit_signal_of(t));
	/* Who is born as a sibling of its maker gets the same one. */
	if (cloner && cloner != t->parent && !t->born->adopted && exit_signal_of(t) != exit_signal_of(cloner))
		problem(ctx, NULL,
			"process %d cannot get another exit signal than process %d, from which it has its session",
			t->pid, cloner->pid);
	return 0;
}

static int signals_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *c = ctx->tasks[i];

		if ((c == t || (c->state == TASK_DEAD && c->parent == t)) && check_exit_signal(ctx, c, e))
			return -1;
	}
	return 0;
}

static int put_queue(struct prog *p, const SignalQueueEntry *q, const struct rtask *t, const struct agent_thread *th,
		     bool shared, struct err *e)
{
	for (size_t i = 0; q && i < q->n_signals; i++) {
		const ProtobufCBinaryData *info = &q->signals[i]->siginfo;
		siginfo_t si;

		if (info->len != sizeof(si))
			return err_set(e, 0, "core-%d.img: a queued signal has %zu bytes instead of %zu",
				       shared ? t->pid : th->tid, info->len, sizeof(si));
		memcpy(&si, info->data, sizeof(si));
		if (si.si_signo == SIGSTOP)
			continue; /* no mask keeps it pending; release.c sends what has to be */
		/* One that looks as if from the kernel may be sent to oneself only: by its thread id; it is the process's all the same. */
		if (shared)
			PROG(p, SYS_rt_sigqueueinfo, th->tid, si.si_signo, prog_bytes(p, &si, sizeof(si)));
		else
			PROG(p, SYS_rt_tgsigqueueinfo, t->pid, th->tid, si.si_signo, prog_bytes(p, &si, sizeof(si)));
	}
	return 0;
}

static int signals_task(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	const TaskCoreEntry *tc = t->core->tc;
	size_t i = 0;

	forget_deaths(ctx, t, p);
	for (int sig = 1; sig <= LAST_SIGNAL && i < tc->n_sigactions; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP)
			continue;
		PROG(p, SYS_rt_sigaction, sig, put_action(p, tc->sigactions[i++]), 0, sizeof(uint64_t));
	}
	return put_queue(p, tc->signals_s, t, &t->threads[0], true, e);
}

static int signals_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p,
			  struct err *e)
{
	const ThreadCoreEntry *c = th->core->thread_core;
	stack_t ss = { 0 };

	if (c->sas) {
		ss.ss_sp = (void *)c->sas->ss_sp;
		ss.ss_size = c->sas->ss_size;
		ss.ss_flags = c->sas->ss_flags & (SS_DISABLE | SS_AUTODISARM);
		PROG(p, SYS_sigaltstack, prog_bytes(p, &ss, sizeof(ss)), 0);
	}
	return put_queue(p, c->signals_p, t, th, false, e);
}

const struct restore_state restore_signals = {
	.name = "signals",
	.check = signals_check,
	.task = signals_task,
	.thread = signals_thread,
};
