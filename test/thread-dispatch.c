// SPDX-License-Identifier: GPL-2.0-only
/* Syscall user dispatch of a thread: its selector is still obeyed, and calls from the spared range are still let through. */
#include <ucontext.h>

#include "test/crtest.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF	     0
#define PR_SYS_DISPATCH_ON	     1
#endif
#define ALLOW 0
#define BLOCK 1

static struct task *threads[2];
static volatile char selector = ALLOW;
static volatile int dispatched;

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	selector = ALLOW; /* the return from here is a call, too */
	dispatched = info->si_syscall;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 4711;
}

static void set(void *arg)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector))
		skip("no syscall user dispatch");
}

static void same(void *arg)
{
	dispatched = 0;
	selector = BLOCK;
	check_eq(syscall(SYS_getppid), 4711);
	check_eq(dispatched, SYS_getppid);
	check_eq(syscall(SYS_getpid), getpid());
}

/* This one sleeps in a call from the spared range with its selector at BLOCK. */
static volatile char other_selector = ALLOW;
static uint32_t *word;

static void sleep_blocked(void *arg)
{

	must(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0x1000, 0x7fffffffe000, &other_selector));
	other_selector = BLOCK;
	cell_wait(word, 1);
	check_eq(syscall(SYS_getpid), getpid());
	other_selector = ALLOW;
}

static void arrange(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	must(sigaction(SIGSYS, &sa, NULL));
	word = shared_alloc(sizeof(*word));
	threads[0] = task_thread(set, same, NULL);
	threads[1] = task_thread(NULL, sleep_blocked, NULL);
	task_wake(threads[1]);
	task_wait_asleep(task_pid(threads[1]));
}

#ifdef REFUSED
static void refused_arrange(void)
{
	sigset_t set;

	arrange();
	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	must(raise(SIGTRAP));
}
#endif

static void verify(void)
{
	cell_set(word, 1);
	task_join(threads[0]);
	task_join(threads[1]);
	check_eq(syscall(SYS_getppid), getppid());
}

#ifdef REFUSED
CRTEST(.about = "syscall user dispatch after a refusal", .ids = "G-6", .refused = "SIGTRAP", .arrange = refused_arrange,
       .verify = verify)
#else
CRTEST(.about = "syscall user dispatch", .arrange = arrange, .verify = verify)
#endif
