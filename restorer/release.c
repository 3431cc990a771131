// SPDX-License-Identifier: GPL-2.0-only
/* Takes the runner out of all tasks and lets them go: see release.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/kernel.h"
#include "base/procstate.h"
#include "cr-restore/birth.h"
#include "cr-restore/dumpable.h"
#include "cr-restore/seccomp.h"
#include "parasite/tracee.h"
#include "restorer/arch/regs.h"
#include "restorer/arena.h"
#include "restorer/release.h"

#ifndef PTRACE_SETSIGMASK
#define PTRACE_SETSIGMASK 0x420b
#endif

static bool lives(const struct rtask *t)
{
	return t->state != TASK_DEAD;
}

/* Under seccomp even our own calls would be judged by the filters: they begin when the thread is let go. */
int release_trace(const struct restore_ctx *ctx, struct rtask *t, const struct agent_thread *th, struct err *e)
{
	unsigned long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
	bool confined = t->state != TASK_DEAD && !t->helper && seccomp_mode_of(ctx, t, th);

	if (!ptrace(PTRACE_SEIZE, th->tid, 0, options | (confined ? PTRACE_O_SUSPEND_SECCOMP : 0)))
		return 0;
	err_set(e, errno, "cannot trace the new thread %d of process %d", th->tid, t->pid);
	return confined ? err_hint(e, "to suspend seccomp takes CAP_SYS_ADMIN, and cr-restore must not be under it") :
			  -1;
}

int release_seize(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		for (size_t j = t->born->traced; lives(t) && j < t->nr_threads; j++)
			if (release_trace(ctx, t, &t->threads[j], e))
				return -1;
	}
	return 0;
}

static int set_mask(pid_t tid, uint64_t mask, struct err *e)
{
	if (ptrace(PTRACE_SETSIGMASK, tid, sizeof(mask), &mask))
		return err_set(e, errno, "cannot set the signal mask of thread %d", tid);
	return 0;
}

/* --- stopped tasks ------------------------------------------------------------------------------------------ */

static int wait_stop(pid_t tid, int *status, struct err *e)
{
	if (waitpid(tid, status, __WALL) != tid)
		return err_set(e, errno, "cannot wait for thread %d", tid);
	if (!WIFSTOPPED(*status))
		return err_set(e, 0, "thread %d died instead of stopping", tid);
	return 0;
}

/*
 * SIGSTOP is what always stops; on its way it is exchanged for the signal that did it before, so that the parent sees the right
 * one. The other threads follow into the group-stop.
 */
int release_stop(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	int signo = t->core->tc->has_stop_signo && t->core->tc->stop_signo ? (int)t->core->tc->stop_signo : SIGSTOP;
	pid_t tid = t->threads[0].tid;
	int status;

	if (syscall(SYS_tgkill, t->pid, tid, SIGSTOP) || wait_stop(tid, &status, e))
		return err_set(e, errno, "cannot stop process %d", t->pid);
	if (status >> 16 || WSTOPSIG(status) != SIGSTOP)
		return err_set(e, 0, "process %d stopped with status %#x instead of by SIGSTOP", t->pid, status);
	if (set_mask(tid, ~(1ULL << (signo - 1)), e))
		return -1;
	if (ptrace(PTRACE_CONT, tid, 0, signo))
		return err_set(e, errno, "cannot stop process %d by signal %d", t->pid, signo);
	if (wait_stop(tid, &status, e))
		return -1;
	if (status >> 16 != PTRACE_EVENT_STOP || WSTOPSIG(status) != signo)
		return err_set(e, 0, "process %d did not stop by signal %d", t->pid, signo);
	/* Or another one like it, which is pending, would be taken out of the queue. */
	if (set_mask(tid, ~0ULL, e))
		return -1;
	for (size_t i = 1; i < t->nr_threads; i++)
		if (wait_stop(t->threads[i].tid, &status, e))
			return -1;
	return 0;
}

/* --- first threads that end --------------------------------------------------------------------------------- */

#define PAUSE_NS 50000

static int await_end(const struct rtask *t, struct err *e)
{
	const struct timespec pause = { 0, PAUSE_NS };
	char state;

	while ((state = proc_state(t->pid, t->pid)) != 'Z') {
		if (state == 'X')
			return err_set(e, 0, "it ended as a whole");
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* At the entry of the call nothing can come in between any more, so that its signal mask can be what it was at its end. */
int release_end_leader(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const TaskCoreEntry *tc = t->core->tc;
	const uint64_t arg[6] = { WEXITSTATUS(tc->exit_code) };
	const struct cpu_site site = { .insn = ctx->arena->insn };
	struct tracee leader = { .pid = t->pid, .tid = t->pid, .blocked = true };

	if (ptrace(PTRACE_INTERRUPT, t->pid, 0, 0))
		return err_set(e, errno, "cannot interrupt its first thread");
	if (tracee_stop(&leader, e) || tracee_syscall_begin(&leader, &site, SYS_exit, arg, e) ||
	    tracee_reenter_end(&leader, e) || set_mask(t->pid, tc->blk_sigset, e) || tracee_detach(&leader, e))
		return -1;
	return await_end(t, e);
}

/* --- the last steps ----------------------------------------------------------------------------------------- */

static int stop_thread(struct rtask *t, struct agent_thread *th, struct tracee *tr, struct err *e)
{
	*tr = (struct tracee){ .pid = t->pid, .tid = th->tid };
	if (t->state == TASK_STOPPED)
		return cpu_get_regs(th->tid, &tr->regs, e); /* it stands already */
	return tracee_stop(tr, e);
}

/* All at once: they stop while we look after the first. */
static int interrupt_all(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		for (size_t j = 0; t->state == TASK_ALIVE && j < t->nr_threads; j++)
			if (ptrace(PTRACE_INTERRUPT, t->threads[j].tid, 0, 0))
				return err_set(e, errno, "cannot interrupt thread %d of process %d", t->threads[j].tid,
					       t->pid);
	}
	return 0;
}

static int poke(pid_t tid, uint64_t addr, uint64_t word, struct err *e)
{
	if (ptrace(PTRACE_POKEDATA, tid, addr, word))
		return err_set(e, errno, "cannot write at %#lx in thread %d", addr, tid);
	return 0;
}

#define RSEQ_CS_OFFSET 8 /* of rseq_cs in struct rseq */

/* The kernel cleared rseq_cs when it registered the area; with it back, a critical section is aborted as it should. */
static int restore_rseq_cs(struct agent_thread *th, struct err *e)
{
	const RseqEntry *r = th->core->thread_core->rseq_entry;

	if (!r || !r->has_rseq_cs_pointer || !r->rseq_cs_pointer)
		return 0;
	return poke(th->tid, r->rseq_abi_pointer + RSEQ_CS_OFFSET, r->rseq_cs_pointer, e);
}

/*
 * Letting a thread go disturbs it once more. These calls go on by themselves after that; others, epoll_wait for one, end with EINTR,
 * so they are left to be made from outside, where a signal that came during the restore is handled first.
 */
static bool survives_letting_go(long nr)
{
	static const long calls[] = {
		SYS_futex,	     SYS_poll,	SYS_ppoll,	   SYS_select, SYS_pselect6, SYS_nanosleep,
		SYS_clock_nanosleep, SYS_pause, SYS_rt_sigsuspend, SYS_wait4,  SYS_waitid,
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i] == nr)
			return true;
	return false;
}

/*
 * How long the tree was away, by a clock that a program can compare with: a call with a timeout returns when that is over, as after SIGSTOP.
 * After a reboot, or in another time namespace, the clocks do not agree, and nothing is known: 0.
 */
static uint64_t away_ns(const struct restore_ctx *ctx)
{
	uint64_t away = now_us() - ctx->dump_uptime_us, by_wall = clock_us(CLOCK_REALTIME) - ctx->dump_time_us;
	int64_t differ = away - by_wall;

	if (!ctx->dump_uptime_us || (int64_t)away < 0 || llabs(differ) > 1000000 + (int64_t)away / 1000)
		return 0;
	return away * 1000;
}

/* Everything but the signal mask: until the thread is back in its system call nothing may interrupt it. */
static int load_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct err *e)
{
	const struct tracee tr = { .pid = t->pid, .tid = th->tid };
	struct regs_scratch scratch;

	if (regs_load(ctx->regs_layout, th->tid, th->core, away_ns(ctx), &scratch, e) || restore_rseq_cs(th, e))
		return -1;
	for (size_t i = 0; scratch.addr && i < ARRAY_SIZE(scratch.words); i++)
		if (poke(th->tid, scratch.addr + i * sizeof(*scratch.words), scratch.words[i], e))
			return -1;
	th->reenters = survives_letting_go(cpu_at_syscall(th->tid));
	return th->reenters ? tracee_reenter_begin(&tr, e) : 0;
}

/* The kernel judges a call at its entry: one that the thread is in, or enters again, was let through already. */
static int restore_dispatch(const struct agent_thread *th, struct err *e)
{
	const SyscallDispatchEntry *s = th->core->thread_core->syscall_dispatch;
	struct kernel_syscall_dispatch d;

	if (!s)
		return 0;
	d = (struct kernel_syscall_dispatch){ s->mode, s->selector, s->offset, s->len };
	if (ptrace(KERNEL_PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG, th->tid, sizeof(d), &d)) {
		err_set(e, errno, "cannot set the syscall user dispatch of thread %d", th->tid);
		return err_hint(e, "it takes Linux 6.4");
	}
	return 0;
}

static int finish_thread(struct rtask *t, struct agent_thread *th, struct err *e)
{
	const ThreadCoreEntry *c = th->core->thread_core;
	const struct tracee tr = { .pid = t->pid, .tid = th->tid };

	if (th->reenters && tracee_reenter_end(&tr, e))
		return -1;
	if (restore_dispatch(th, e))
		return -1;
	return set_mask(th->tid, c->has_blk_sigset ? c->blk_sigset : t->core->tc->blk_sigset, e);
}

static int call(struct restore_ctx *ctx, struct tracee *leader, long nr, uint64_t arg0, uint64_t arg1, const char *what,
		struct err *e)
{
	const struct cpu_site site = { .insn = ctx->arena->insn };
	const uint64_t arg[6] = { arg0, arg1 };
	int64_t ret;

	if (tracee_syscall(leader, &site, nr, arg, &ret, e))
		return -1;
	return ret ? err_set(e, -ret, "cannot %s", what) : 0;
}

/*
 * The arena goes by the runner's own system call instruction: the thread never comes back to it. Of a task that its user may look into there
 * must be nothing left by which he could reach the others: the code cannot be written.
 */
static int remove_arena(struct restore_ctx *ctx, struct rtask *t, struct tracee *leader, struct err *e)
{
	uint64_t base = ctx->arena->base, size = ctx->arena->size;

	if (dumpable_comes_late(ctx, t)) {
		if (call(ctx, leader, SYS_munmap, base + ARENA_CODE, size - ARENA_CODE, "unmap the arena", e) ||
		    call(ctx, leader, SYS_prctl, PR_SET_DUMPABLE, dumpable_of(t), "make it dumpable", e))
			return -1;
		size = ARENA_CODE;
	}
	return call(ctx, leader, SYS_munmap, base, size, "unmap the arena", e);
}

static int prepare_task(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const uint64_t chan[6] = { ctx->chan_task }; /* the last thing of ours in its table */
	const struct cpu_site site = { .insn = ctx->arena->insn };
	struct tracee leader, other;
	int64_t ret;

	for (size_t i = 1; i < t->nr_threads; i++)
		if (stop_thread(t, &t->threads[i], &other, e))
			return -1;
	if (stop_thread(t, &t->threads[0], &leader, e))
		return -1;
	leader.blocked = true; /* everything is, since before its birth */
	if (t->table_of == t && tracee_syscall(&leader, &site, SYS_close, chan, &ret, e))
		return -1;
	if (remove_arena(ctx, t, &leader, e))
		return -1;
	for (size_t i = 0; i < t->nr_threads; i++)
		if (load_thread(ctx, t, &t->threads[i], e))
			return -1;
	return 0;
}

static int finish_task(struct rtask *t, struct err *e)
{
	for (size_t i = 0; i < t->nr_threads; i++)
		if (finish_thread(t, &t->threads[i], e))
			return -1;
	return 0;
}

int release_prepare(struct restore_ctx *ctx, struct err *e)
{
	if (interrupt_all(ctx, e))
		return -1;
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (lives(ctx->tasks[i]) && prepare_task(ctx, ctx->tasks[i], e))
			return err_in(e, "pid %d", ctx->tasks[i]->pid);
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (lives(ctx->tasks[i]) && finish_task(ctx->tasks[i], e))
			return err_in(e, "pid %d", ctx->tasks[i]->pid);
	return 0;
}

/* A SIGSTOP can only be pending in a task that is stopped, so it is sent now; no other signal is missing. */
static void queue_stop(struct rtask *t, const SignalQueueEntry *q, pid_t tid)
{
	if (q && q->has_stop && q->stop)
		syscall(tid ? SYS_tgkill : SYS_kill, t->pid, tid ? tid : SIGSTOP, SIGSTOP);
}

void release_go(struct restore_ctx *ctx)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (!lives(t))
			continue;
		if (ctx->opts->leave_stopped && t->state != TASK_STOPPED)
			kill(t->pid, SIGSTOP);
		if (t->state == TASK_STOPPED) {
			queue_stop(t, t->core->tc->signals_s, 0);
			for (size_t j = 0; j < t->nr_threads; j++)
				queue_stop(t, t->threads[j].core->thread_core->signals_p, t->threads[j].tid);
		}
		for (size_t j = 0; j < t->nr_threads; j++)
			ptrace(PTRACE_DETACH, t->threads[j].tid, 0, 0);
	}
	/* Whoever looks when we have returned is to see them stopped. */
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (lives(ctx->tasks[i]) && (ctx->opts->leave_stopped || ctx->tasks[i]->state == TASK_STOPPED))
			proc_await_stop(ctx->tasks[i]->pid);
}
