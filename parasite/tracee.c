// SPDX-License-Identifier: LGPL-2.1-only
/* A thread under our ptrace: see tracee.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "base/guard.h"
#include "base/procstate.h"
#include "parasite/tracee.h"

#ifndef PTRACE_GETSIGMASK
#define PTRACE_GETSIGMASK 0x420a
#define PTRACE_SETSIGMASK 0x420b
#endif
#define PTRACE_EVENT_STOP_ 128
#define SYSCALL_STOP	   (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */

/* Who traces tid already? 0: nobody, or unknown. */
static pid_t tracer_of(pid_t tid)
{
	char path[64], line[256];
	pid_t tracer = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			break;
	return tracer;
}

static bool tracer_is_finishing(pid_t tracer)
{
	char path[64], comm[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", tracer);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	return f && fgets(comm, sizeof(comm), f) && (!strncmp(comm, "cr-dump", 7) || !strncmp(comm, "cr-restore", 10));
}

/* A cr-dump that was killed a moment ago may still be putting the victim back: give it some time. */
static int seize_patiently(pid_t pid, pid_t tid, unsigned long options)
{
	const struct timespec pause = { 0, 5000000 };
	char state;

	for (int tries = 0; tries < 400; tries++) {
		if (!ptrace(PTRACE_SEIZE, tid, 0, options))
			return 0;
		if (errno != EPERM)
			return errno;
		state = proc_state(pid, tid);
		if (state == 'Z' || state == 'X')
			return ESRCH; /* the dead are not for tracing */
		if (!tracer_is_finishing(tracer_of(tid)))
			break;
		nanosleep(&pause, NULL);
	}
	return EPERM;
}

static int seize_error(pid_t pid, pid_t tid, int errnum, struct err *e)
{
	pid_t tracer = errnum == EPERM ? tracer_of(tid) : 0;

	err_set(e, errnum, "cannot seize thread %d of process %d", tid, pid);
	if (tracer)
		err_hint(
			e,
			"it is traced by process %d already (a debugger, or another dump); a task has one tracer at a time",
			tracer);
	else if (errnum == EPERM)
		err_hint(e, "run as root, or with CAP_SYS_PTRACE; see also kernel.yama.ptrace_scope");
	return -1;
}

int tracee_seize(struct tracee *t, pid_t pid, pid_t tid, unsigned long options, struct err *e)
{
	int errnum;

	*t = (struct tracee){ .pid = pid, .tid = tid, .options = options | PTRACE_O_TRACESYSGOOD };
	errnum = seize_patiently(pid, tid, t->options);
	if (errnum)
		return seize_error(pid, tid, errnum, e);
	if (ptrace(PTRACE_INTERRUPT, tid, 0, 0)) {
		int saved = errno;

		ptrace(PTRACE_DETACH, tid, 0, 0);
		return err_set(e, saved, "cannot interrupt thread %d of process %d", tid, pid);
	}
	return 0;
}

int tracee_set_options(struct tracee *t, unsigned long options, struct err *e)
{
	t->options = options | PTRACE_O_TRACESYSGOOD;
	if (ptrace(PTRACE_SETOPTIONS, t->tid, 0, t->options))
		return err_set(e, errno, "cannot change how thread %d is traced", t->tid);
	return 0;
}

int tracee_wait(const struct tracee *t, int *status_ret, struct err *e)
{
	pid_t got;

	do
		got = waitpid(t->tid, status_ret, __WALL);
	while (got < 0 && errno == EINTR && !t->impatient);
	if (got < 0)
		return err_set(e, errno, "cannot wait for thread %d of process %d", t->tid, t->pid);
	if (!WIFSTOPPED(*status_ret))
		return err_set(e, ESRCH, "thread %d of process %d ended", t->tid, t->pid);
	return 0;
}

static bool is_group_stop(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* Any stop consumes a pending interrupt, so it is asked for again after a signal was let through. */
static int let_signal_through(pid_t tid, int sig, struct err *e)
{
	if (ptrace(PTRACE_CONT, tid, 0, sig) || ptrace(PTRACE_INTERRUPT, tid, 0, 0))
		return err_set(e, errno, "cannot deliver signal %d to thread %d", sig, tid);
	return 0;
}

int tracee_settle(struct tracee *t, struct err *e)
{
	int status;

	for (;;) {
		if (tracee_wait(t, &status, e))
			return -1;
		if (status >> 16 == PTRACE_EVENT_STOP_)
			break;
		if (let_signal_through(t->tid, status >> 16 ? 0 : WSTOPSIG(status), e))
			return -1;
	}
	if (is_group_stop(WSTOPSIG(status)))
		t->stop_signo = WSTOPSIG(status);
	return 0;
}

int tracee_stop(struct tracee *t, struct err *e)
{
	if (tracee_settle(t, e) || cpu_get_regs(t->tid, &t->regs, e))
		return -1;
	if (ptrace(PTRACE_GETSIGMASK, t->tid, sizeof(t->sigmask), &t->sigmask))
		return err_set(e, errno, "cannot read the signal mask of thread %d", t->tid);
	return 0;
}

static int set_dispatch(pid_t tid, const struct kernel_syscall_dispatch *d, struct err *e)
{
	if (ptrace(KERNEL_PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG, tid, sizeof(*d), d))
		return err_set(e, errno, "cannot set the syscall user dispatch of thread %d", tid);
	return 0;
}

static void note(const struct tracee *t)
{
	struct loan *l = t->loan;

	l->pid = t->pid;
	l->tid = t->tid;
	l->options = t->options;
	l->regs = t->regs;
	l->sigmask = t->sigmask;
	l->dispatch = t->dispatch;
	__atomic_store_n(&l->out, 1, __ATOMIC_RELEASE);
}

int tracee_borrow(struct tracee *t, struct err *e)
{
	static const struct kernel_syscall_dispatch off;
	uint64_t all = ~0ULL;

	if (t->blocked)
		return 0;
	if (t->loan)
		note(t);
	if (t->dispatch.mode && set_dispatch(t->tid, &off, e))
		return -1;
	t->undispatched = t->dispatch.mode;
	if (ptrace(PTRACE_SETSIGMASK, t->tid, sizeof(all), &all))
		return err_set(e, errno, "cannot set the signal mask of thread %d", t->tid);
	t->blocked = true;
	return 0;
}

/* To its next system call, entry or exit. */
static int resume(const struct tracee *t, int sig, struct err *e)
{
	if (ptrace(PTRACE_SYSCALL, t->tid, 0, sig))
		return err_set(e, errno, "cannot resume thread %d", t->tid);
	return 0;
}

/* Only SIGSTOP can come in between, all else is blocked: it is let through and stops the task when we have left. */
static int await_syscall_stop(const struct tracee *t, struct err *e)
{
	int status;

	for (;;) {
		if (tracee_wait(t, &status, e))
			return -1;
		if (WSTOPSIG(status) == SYSCALL_STOP)
			return 0;
		if (resume(t, status >> 16 ? 0 : WSTOPSIG(status), e))
			return -1;
	}
}

int tracee_run_on(const struct tracee *t, int status, struct err *e)
{
	int sig = status >> 16 == PTRACE_EVENT_STOP_ ? 0 : WSTOPSIG(status);

	if (sig && sig != SIGSTOP)
		return err_set(e, ESRCH, "thread %d was stopped by signal %d while it ran our program", t->tid, sig);
	if (ptrace(PTRACE_CONT, t->tid, 0, sig))
		return err_set(e, errno, "cannot resume thread %d", t->tid);
	return 0;
}

int tracee_reenter_begin(const struct tracee *t, struct err *e)
{
	return resume(t, 0, e);
}

int tracee_reenter_end(const struct tracee *t, struct err *e)
{
	return await_syscall_stop(t, e);
}

/* What follows the instruction is not meant for this thread: who may be left by its tracer does not get there. */
int tracee_syscall_begin(struct tracee *t, const struct cpu_site *site, long nr, const uint64_t arg[6], struct err *e)
{
	struct cpu_regs regs = t->regs;

	if (tracee_borrow(t, e))
		return -1;
	t->call_nr = nr;
	memcpy(t->call_arg, arg, sizeof(t->call_arg));
	if (site->park)
		cpu_prepare_wait(&regs, site);
	else
		cpu_prepare_syscall(&regs, site->insn, nr, arg);
	t->touched = true;
	return cpu_set_regs(t->tid, &regs, e) || resume(t, 0, e) ? -1 : 0;
}

int tracee_syscall_enter(struct tracee *t, const struct cpu_site *site, struct err *e)
{
	struct cpu_regs regs = t->regs;

	if (await_syscall_stop(t, e))
		return -1;
	if (site->park) {
		cpu_exchange_call(&regs, site, t->call_nr, t->call_arg);
		if (cpu_set_regs(t->tid, &regs, e))
			return -1;
	}
	return resume(t, 0, e);
}

int tracee_syscall_end(struct tracee *t, int64_t *ret, struct err *e)
{
	struct cpu_regs regs;

	if (await_syscall_stop(t, e) || cpu_get_regs(t->tid, &regs, e))
		return -1;
	*ret = cpu_syscall_result(&regs);
	return 0;
}

int tracee_syscall(struct tracee *t, const struct cpu_site *site, long nr, const uint64_t arg[6], int64_t *ret,
		   struct err *e)
{
	return tracee_syscall_begin(t, site, nr, arg, e) || tracee_syscall_enter(t, site, e) ||
			       tracee_syscall_end(t, ret, e) ?
		       -1 :
		       0;
}

int tracee_keep_xstate(struct tracee *t, void *buf, struct err *e)
{
	t->xstate_len = CPU_XSTATE_MAX;
	if (cpu_get_xstate(t->tid, buf, &t->xstate_len, e))
		return -1;
	t->xstate = buf;
	return 0;
}

int tracee_restore_xstate(struct tracee *t, struct err *e)
{
	if (t->xstate && cpu_set_xstate(t->tid, t->xstate, t->xstate_len, e))
		return -1;
	t->xstate = NULL;
	return 0;
}

int tracee_restore(struct tracee *t, struct err *e)
{
	if (tracee_restore_xstate(t, e))
		return -1;
	if (t->touched && cpu_set_regs(t->tid, &t->regs, e))
		return -1;
	t->touched = false;
	if (t->blocked && ptrace(PTRACE_SETSIGMASK, t->tid, sizeof(t->sigmask), &t->sigmask))
		return err_set(e, errno, "cannot restore the signal mask of thread %d", t->tid);
	t->blocked = false;
	if (t->undispatched && set_dispatch(t->tid, &t->dispatch, e))
		return -1;
	t->undispatched = false;
	if (t->loan)
		__atomic_store_n(&t->loan->out, 0, __ATOMIC_RELEASE);
	return 0;
}

int tracee_detach(struct tracee *t, struct err *e)
{
	if (ptrace(PTRACE_DETACH, t->tid, 0, 0) && errno != ESRCH)
		return err_set(e, errno, "cannot detach from thread %d", t->tid);
	return 0;
}
