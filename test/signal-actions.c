// SPDX-License-Identifier: GPL-2.0-only
/* Every signal's action: handler, flags, mask and restorer, ignored ones, the default ones, SIGTRAP's called for real. */
#include "test/crtest.h"

struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

static struct kernel_action before[65];
static volatile sig_atomic_t trapped;
static struct task *child;

static void on_trap(int sig)
{
	trapped++;
}

static void get(int sig, struct kernel_action *a)
{
	must(syscall(SYS_rt_sigaction, sig, NULL, a, 8));
}

static void same(void *arg)
{
	for (int sig = 1; sig <= 64; sig++) {
		struct kernel_action now;

		get(sig, &now);
		check_mem(&now, &before[sig], sizeof(now));
	}
	must(raise(SIGTRAP));
	check_eq(trapped, 1);
}

static void arrange(void)
{
	struct sigaction act = { .sa_handler = on_trap };

	must(sigaction(SIGTRAP, &act, NULL));
	for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++) {
		act.sa_flags =
			(sig & 1 ? SA_RESTART : SA_NODEFER) | (sig & 2 ? SA_ONSTACK : 0) | (sig & 4 ? SA_SIGINFO : 0);
		sigfillset(&act.sa_mask);
		sigdelset(&act.sa_mask, sig);
		must(sigaction(sig, &act, NULL));
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	for (int sig = 1; sig <= 64; sig++)
		get(sig, &before[sig]);
	child = task_child(NULL, same, NULL);
}

static void verify(void)
{
	same(NULL);
	task_join(child);
}

CRTEST(.about = "signal actions", .ids = "SG-3", .arrange = arrange, .verify = verify)
