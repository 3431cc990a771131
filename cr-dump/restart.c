// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls that our stop interrupted. When a thread is stopped its call has returned -ERESTART*, which the kernel turns into a
 * new call, or into -EINTR when a signal handler comes first, as soon as the thread goes on. For an image we do what the kernel would do.
 *
 * Two things need more. Calls with a relative timeout must not wait for all of it again: what is left goes into the image. And
 * some calls (epoll_wait, semop, sigtimedwait, sockets with timeouts; see signal(7)) return -EINTR at once on any
 * stop: the task would see an interruption that no signal explains, so they are made to be restarted as well.
 */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/kernel.h"
#include "cr-dump/arch/cpu.h"
#include "cr-dump/task.h"

#define NSEC	   1000000000ULL
#define NO_TIMEOUT UINT64_MAX

/* How a call takes its relative timeout. */
enum timeout_kind { IN_MS, AT_TIMESPEC, AT_TIMEVAL };

static const struct timed_call {
	int nr;
	enum timeout_kind kind;
	unsigned int arg;
	int rest_arg; /* where the kernel writes what is left, which can be the same; -1: nowhere */
} timed_calls[] = {
	{ SYS_nanosleep, AT_TIMESPEC, 0, 1 },
	{ SYS_clock_nanosleep, AT_TIMESPEC, 2, 3 },
	{ SYS_poll, IN_MS, 2, -1 },
	{ SYS_ppoll, AT_TIMESPEC, 2, 2 },
	{ SYS_select, AT_TIMEVAL, 4, 4 },
	{ SYS_pselect6, AT_TIMESPEC, 4, 4 },
	{ SYS_futex, AT_TIMESPEC, 3, -1 },
	{ SYS_epoll_wait, IN_MS, 3, -1 },
	{ SYS_epoll_pwait, IN_MS, 3, -1 },
	{ 441, AT_TIMESPEC, 3, -1 }, /* epoll_pwait2 */
	{ SYS_rt_sigtimedwait, AT_TIMESPEC, 2, -1 },
	{ SYS_semtimedop, AT_TIMESPEC, 3, -1 },
	{ SYS_io_getevents, AT_TIMESPEC, 4, -1 },
};

static const struct timed_call *timed_call(const struct cpu_call *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(timed_calls); i++)
		if (timed_calls[i].nr == c->nr)
			return &timed_calls[i];
	return NULL;
}

/* The timespec, or timeval, at addr in nanoseconds; NO_TIMEOUT when there is none. */
static uint64_t read_time(pid_t tid, uint64_t addr, enum timeout_kind kind)
{
	struct timespec ts;

	if (!addr || !peek(tid, addr, &ts, sizeof(ts)) || ts.tv_sec < 0)
		return NO_TIMEOUT;
	if ((uint64_t)ts.tv_sec >= UINT64_MAX / NSEC)
		return NO_TIMEOUT; /* 584 years */
	return ts.tv_sec * NSEC + ts.tv_nsec * (kind == AT_TIMEVAL ? 1000 : 1);
}

static bool is_absolute(const struct cpu_call *c)
{
	if (c->nr == SYS_clock_nanosleep)
		return c->arg[1] & TIMER_ABSTIME;
	if (c->nr == SYS_futex)
		return (c->arg[1] & FUTEX_CMD_MASK) != FUTEX_WAIT;
	return false;
}

/* What is left of the call's relative timeout, in nanoseconds; NO_TIMEOUT when it has none. */
static uint64_t time_left(const struct thread *th, const struct cpu_call *c)
{
	const struct timed_call *tc = timed_call(c);
	uint64_t all, slept = th->blocked_nr == c->raw_nr ? th->asleep_ns : 0;

	if (!tc || is_absolute(c))
		return NO_TIMEOUT;
	if (tc->rest_arg >= 0 && c->arg[tc->rest_arg])
		return read_time(th->tr.tid, c->arg[tc->rest_arg], tc->kind);
	if (tc->kind == IN_MS)
		all = (int32_t)c->arg[tc->arg] < 0 ? NO_TIMEOUT : (uint32_t)c->arg[tc->arg] * 1000000ULL;
	else
		all = read_time(th->tr.tid, c->arg[tc->arg], tc->kind);
	if (all == NO_TIMEOUT)
		return all;
	return all > slept ? all - slept : 0;
}

static uint64_t to_ms(uint64_t ns)
{
	return (ns + 999999) / 1000000; /* rather late than early, as all timeouts */
}

bool restart_is_riddle(const struct thread *th)
{
	struct cpu_call c;

	return cpu_in_call(th, &c) && c.nr < 0 && c.result == -KERNEL_ERESTART_RESTARTBLOCK;
}

int restart_correct(struct thread *th, struct err *e)
{
	const struct timed_call *tc;
	struct cpu_call c;
	uint64_t mask, left;

	if (!cpu_in_call(th, &c) || c.result != -EINTR || c.nr == SYS_close)
		return 0;
	/* It may have entered the call after it was looked at. To wait once more is never wrong; other calls may have done something. */
	if (c.raw_nr != th->blocked_nr && !timed_call(&c))
		return 0;
	if (signals_deliverable(th, &mask, e))
		return -1;
	if (mask)
		return 0; /* there is a signal that explains it */
	tc = timed_call(&c);
	left = time_left(th, &c);
	if (left != NO_TIMEOUT && tc->kind == IN_MS) {
		cpu_set_arg(th, tc->arg, to_ms(left));
		th->asleep_ns = 0; /* is accounted for now */
	}
	/* Where the kernel cannot write what is left (see STICKY_TIMEOUTS in personality(2)), neither does a restore. */
	th->keeps_timeout = tc && tc->rest_arg == (int)tc->arg;
	/* Not a restart in any case: should a signal come first, its handler runs and the call returns -EINTR as it must. */
	cpu_set_result(th, -KERNEL_ERESTARTNOHAND);
	return 0;
}

/* --- the image ---------------------------------------------------------------------------------------------- */

static bool ignored_by_default(int sig)
{
	return sig == SIGCHLD || sig == SIGCONT || sig == SIGURG || sig == SIGWINCH;
}

/* The action for sig; those for SIGKILL and SIGSTOP are not saved. */
static const SaEntry *action(const TaskCoreEntry *tc, int sig)
{
	return tc->sigactions[sig - 1 - (sig > SIGKILL) - (sig > SIGSTOP)];
}

static uint64_t queued(const SignalQueueEntry *q)
{
	uint64_t mask = 0;

	for (size_t i = 0; q && i < q->n_signals; i++) {
		int sig = ((const siginfo_t *)q->signals[i]->siginfo.data)->si_signo;

		mask |= 1ULL << (sig - 1);
	}
	return mask;
}

/* Will a signal handler run before the thread comes back to its call? *restart_ret: it lets calls be restarted. */
static bool handler_comes_first(const struct task *t, const struct thread *th, bool *restart_ret)
{
	const TaskCoreEntry *tc = t->threads[0].core->tc;
	uint64_t mask = (queued(tc->signals_s) | queued(th->core->thread_core->signals_p)) & ~th->tr.sigmask;

	for (int sig = 1; sig <= 64; sig++) {
		const SaEntry *sa;

		if (!(mask >> (sig - 1) & 1) || sig == SIGKILL || sig == SIGSTOP)
			continue;
		sa = action(tc, sig);
		if (sa->sigaction == (uintptr_t)SIG_IGN ||
		    (sa->sigaction == (uintptr_t)SIG_DFL && ignored_by_default(sig)))
			continue;
		*restart_ret = sa->flags & SA_RESTART;
		return true;
	}
	return false;
}

static bool is_restart(long result)
{
	return result == -KERNEL_ERESTARTSYS || result == -KERNEL_ERESTARTNOINTR || result == -KERNEL_ERESTARTNOHAND ||
	       result == -KERNEL_ERESTART_RESTARTBLOCK;
}

static void save_time_left(struct thread *th, const struct cpu_call *c)
{
	ThreadCoreEntry *core = th->core->thread_core;
	const struct timed_call *tc = timed_call(c);
	uint64_t left = time_left(th, c);

	if (left == NO_TIMEOUT || th->keeps_timeout)
		return;
	PB_SET(core, restart_nr, c->nr);
	PB_SET(core, restart_left_ns, left);
	if (tc->kind == IN_MS)
		cpu_image_arg(th, tc->arg, to_ms(left));
	log_debug("thread %d: system call %ld has %lu us left", th->tr.tid, c->nr, left / 1000);
}

int restart_save(struct task *t, struct thread *th, struct err *e)
{
	bool sa_restart = false;
	struct cpu_call c;

	if (!cpu_in_call(th, &c) || !is_restart(c.result))
		return 0;
	if (c.result != -KERNEL_ERESTARTNOINTR && handler_comes_first(t, th, &sa_restart) &&
	    (c.result != -KERNEL_ERESTARTSYS || !sa_restart)) {
		cpu_image_result(th, -EINTR);
		return 0;
	}
	if (c.nr < 0) {
		log_warn(
			"thread %d: it was interrupted before, and the system call cannot be told any more: restored, it returns EINTR",
			th->tr.tid);
		cpu_image_result(th, -EINTR);
		return 0;
	}
	save_time_left(th, &c);
	cpu_image_again(th, c.nr);
	return 0;
}
