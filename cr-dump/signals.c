// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: actions and alternate stacks (asked inside), blocked masks (found by the freeze), queues of pending signals (ptrace).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "cr-dump/ahead.h"
#include "cr-dump/task.h"

#define NR_SIGNALS 64
#define BATCH	   32

#ifndef PTRACE_PEEKSIGINFO_SHARED
#define PTRACE_PEEKSIGINFO_SHARED 1
#endif

/* As rt_sigaction(2) has it on x86-64 and most others. */
struct kernel_sigaction {
	uint64_t handler, flags, restorer, mask;
};

static bool is_saved(int sig)
{
	return sig != SIGKILL && sig != SIGSTOP;
}

/* Signals `from` and following of a queue. Returns how many, 0 at the end, -1 on error. */
static int peek_queue(pid_t tid, bool shared, unsigned int from, siginfo_t infos[BATCH], struct err *e)
{
	struct __ptrace_peeksiginfo_args args = { .off = from,
						  .flags = shared ? PTRACE_PEEKSIGINFO_SHARED : 0,
						  .nr = BATCH };
	long n = ptrace(PTRACE_PEEKSIGINFO, tid, &args, infos);

	if (n < 0)
		err_set(e, errno, "cannot read the pending signals of thread %d", tid);
	return n;
}

static int queue_mask(pid_t tid, bool shared, uint64_t *mask, struct err *e)
{
	siginfo_t infos[BATCH];
	int n;

	for (unsigned int from = 0; (n = peek_queue(tid, shared, from, infos, e)) > 0; from += n)
		for (int i = 0; i < n; i++)
			*mask |= 1ULL << (infos[i].si_signo - 1);
	return n;
}

int signals_deliverable(const struct thread *th, uint64_t *mask_ret, struct err *e)
{
	*mask_ret = 0;
	if (queue_mask(th->tr.tid, false, mask_ret, e) || queue_mask(th->tr.tid, true, mask_ret, e))
		return -1;
	*mask_ret &= ~th->tr.sigmask;
	return 0;
}

static void save_signal(struct dump_ctx *ctx, struct task *t, pid_t tid, SignalQueueEntry *q, const siginfo_t *info)
{
	SiginfoEntry *s;

	if (info->si_signo == SIGTRAP)
		refuse(ctx, t, "let it handle the signal first",
		       "thread %d has SIGTRAP pending, which cannot be carried over", tid);
	if (info->si_signo == SIGSTOP) {
		PB_SET(q, stop, true);
		return;
	}
	s = POOL_MSG(&ctx->pool, SiginfoEntry, siginfo_entry);
	s->siginfo.data = pool_copy(&ctx->pool, info, sizeof(*info));
	s->siginfo.len = sizeof(*info);
	*POOL_PUSH(&ctx->pool, q->signals, q->n_signals) = s;
}

static int save_queue(struct dump_ctx *ctx, struct task *t, pid_t tid, bool shared, SignalQueueEntry **ret,
		      struct err *e)
{
	SignalQueueEntry *q = POOL_MSG(&ctx->pool, SignalQueueEntry, signal_queue_entry);
	siginfo_t infos[BATCH];
	int n;

	for (unsigned int from = 0; (n = peek_queue(tid, shared, from, infos, e)) > 0; from += n)
		for (int i = 0; i < n; i++)
			save_signal(ctx, t, tid, q, &infos[i]);
	*ret = q;
	return n;
}

/* Most queues are empty, and it takes one line of a text that is there already to know. */
static int save_own_queue(struct dump_ctx *ctx, struct task *t, unsigned int i, SignalQueueEntry **ret, struct err *e)
{
	static const char key[] = "\nSigPnd:\t";
	const char *line;
	char *status;

	if (ahead_get(ctx, t, i, AHEAD_STATUS, &status, NULL, e))
		return -1;
	line = strstr(status, key);
	if (line && !strtoull(line + strlen(key), NULL, 16)) {
		*ret = POOL_MSG(&ctx->pool, SignalQueueEntry, signal_queue_entry);
		return 0;
	}
	return save_queue(ctx, t, t->threads[i].tr.tid, false, ret, e);
}

static int signals_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	TaskCoreEntry *tc = core_of(ctx, t, &t->threads[0])->tc;

	if (save_queue(ctx, t, t->tid, true, &tc->signals_s, e))
		return -1;
	tc->blk_sigset = t->threads[0].tr.sigmask;
	for (unsigned int i = 0; i < t->nr_threads; i++) {
		ThreadCoreEntry *core = core_of(ctx, t, &t->threads[i])->thread_core;

		if (save_own_queue(ctx, t, i, &core->signals_p, e))
			return -1;
		if (t->threads[i].tr.tid != t->pid)
			PB_SET(core, blk_sigset, t->threads[i].tr.sigmask);
	}
	return 0;
}

static void signals_ask(struct dump_ctx *ctx, struct task *t, struct prog *p)
{
	for (int sig = 1; sig <= NR_SIGNALS; sig++)
		if (is_saved(sig))
			PROG(p, SYS_rt_sigaction, sig, 0, prog_room(p, sizeof(struct kernel_sigaction), NULL),
			     sizeof(uint64_t));
}

static int signals_save(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e)
{
	TaskCoreEntry *tc = t->threads[0].core->tc;

	tc->sigactions = pool_alloc(&ctx->pool, NR_SIGNALS * sizeof(*tc->sigactions));
	for (int sig = 1; sig <= NR_SIGNALS; sig++) {
		const struct kernel_sigaction *k;
		SaEntry *sa;

		if (!is_saved(sig))
			continue;
		k = answer(&t->threads[0].prog, at++, 2);
		sa = POOL_MSG(&ctx->pool, SaEntry, sa_entry);
		sa->sigaction = k->handler;
		sa->flags = k->flags;
		sa->restorer = k->restorer;
		sa->mask = k->mask;
		PB_SET(sa, compat_sigaction, 0);
		tc->sigactions[tc->n_sigactions++] = sa;
	}
	return 0;
}

/* Asked on the runner's own stack, so never SS_ONSTACK: that follows from the stack pointer when the thread is back. */
static void signals_ask_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct prog *p)
{
	PROG(p, SYS_sigaltstack, 0, prog_room(p, sizeof(stack_t), NULL));
}

static int signals_save_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e)
{
	const stack_t *ss = answer(&th->prog, at, 1);
	ThreadSasEntry *sas = POOL_MSG(&ctx->pool, ThreadSasEntry, thread_sas_entry);

	sas->ss_sp = (uintptr_t)ss->ss_sp;
	sas->ss_size = ss->ss_size;
	sas->ss_flags = ss->ss_flags;
	th->core->thread_core->sas = sas;
	return 0;
}

const struct dump_part dump_signals = {
	.name = "signals",
	.look = signals_look,
	.ask = signals_ask,
	.ask_thread = signals_ask_thread,
	.save = signals_save,
	.save_thread = signals_save_thread,
};
