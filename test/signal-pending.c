// SPDX-License-Identifier: GPL-2.0-only
/* Queued signals: each arrives in order, in the right thread, with code and payload intact; masks stay. */
#include <pthread.h>

#include "test/crtest.h"

enum { SHARED = 2, MAIN = 64, OTHER = 3 };

static struct task *thread;
static siginfo_t sent[SHARED + MAIN + OTHER];
static pid_t child;
static sigset_t mask;

static void make_info(siginfo_t *si, int nr, int sig)
{
	memset(si, 0, sizeof(*si));
	si->si_signo = sig;
	si->si_code = -100 - nr;
	fill_random(&si->si_pid, 16, nr + 1);
}

static void block_all(void)
{
	sigfillset(&mask);
	sigdelset(&mask, SIGTERM);
	sigdelset(&mask, SIGKILL);
	sigdelset(&mask, SIGSTOP);
	must_zero(pthread_sigmask(SIG_SETMASK, &mask, NULL));
}

static void expect(const siginfo_t *want)
{
	sigset_t one;
	siginfo_t got;

	sigemptyset(&one);
	sigaddset(&one, want->si_signo);
	check_eq(sigtimedwait(&one, &got, &(struct timespec){ 0 }), want->si_signo);
	check_eq(got.si_code, want->si_code);
	check_mem(&got.si_pid, &want->si_pid, 12);
}

static void same_mask(void)
{
	sigset_t now;

	must_zero(pthread_sigmask(SIG_SETMASK, NULL, &now));
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != 32 && sig != 33) /* the C library's own */
			check_eq(sigismember(&now, sig), sigismember(&mask, sig));
}

static void prepare(void *arg)
{
	block_all();
}

static void in_thread(void *arg)
{
	sigset_t pending;

	same_mask();
	for (int i = 0; i < OTHER; i++)
		expect(&sent[SHARED + MAIN + i]);
	must(sigpending(&pending));
	check_eq(sigismember(&pending, SIGRTMIN), 0);
}

static void arrange(void)
{
	siginfo_t si;

	block_all();
	thread = task_thread(prepare, in_thread, NULL);
	child = must(fork());
	if (!child)
		_exit(5);
	must(waitid(P_PID, child, &si, WEXITED | WNOWAIT));
	for (int i = 0; i < SHARED + MAIN + OTHER; i++)
		make_info(&sent[i], i, i < SHARED ? SIGRTMAX : SIGRTMIN);
	for (int i = 0; i < SHARED; i++)
		must(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMAX, &sent[i]));
	for (int i = 0; i < MAIN; i++)
		must(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGRTMIN, &sent[SHARED + i]));
	for (int i = 0; i < OTHER; i++)
		must(syscall(SYS_rt_tgsigqueueinfo, getpid(), task_pid(thread), SIGRTMIN, &sent[SHARED + MAIN + i]));
}

static void verify(void)
{
	sigset_t one, pending;
	siginfo_t si;
	int status;

	same_mask();
	task_join(thread);
	sigemptyset(&one);
	sigaddset(&one, SIGCHLD);
	check_eq(sigtimedwait(&one, &si, &(struct timespec){ 0 }), SIGCHLD);
	check_eq(si.si_code, CLD_EXITED);
	check_eq(si.si_pid, child);
	check_eq(si.si_status, 5);
	check_eq(waitpid(child, &status, 0), child);
	for (int i = 0; i < SHARED + MAIN; i++)
		expect(&sent[i]);
	must(sigpending(&pending));
	check_eq(sigismember(&pending, SIGRTMIN), 0);
	check_eq(sigismember(&pending, SIGRTMAX), 0);
}

/* In the flavour `stopped` the runner's SIGCONT would be pending, too. */
CRTEST(.about = "queues of pending signals", .ids = "SG-1", .flavours = "plain leave-running cycles sibling ns-tool",
       .arrange = arrange, .verify = verify)
