// SPDX-License-Identifier: GPL-2.0-only
/* A task traced by another one of the tree: the dump refuses and leaves the two alone. */
#include <sys/ptrace.h>

#include "test/crtest.h"

static pid_t tracee, sender;
static pid_t *seen;

static void on_usr1(int sig, siginfo_t *si, void *context)
{
	*seen = si->si_pid;
}

static void be_traced(void)
{
	struct sigaction act = { .sa_sigaction = on_usr1, .sa_flags = SA_SIGINFO };

	must(sigaction(SIGUSR1, &act, NULL));
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	must(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	while (!*seen)
		pause();
	_exit(0);
}

static void arrange(void)
{
	siginfo_t si;

	seen = shared_alloc(sizeof(*seen));
	tracee = must(fork());
	if (!tracee)
		be_traced();
	task_wait_asleep(tracee);
	sender = must(fork());
	if (!sender)
		_exit(kill(tracee, SIGUSR1) ? 1 : 0);
	must(waitid(P_PID, sender, &si, WEXITED | WNOWAIT));
	must(waitid(P_PID, tracee, &si, WSTOPPED | WNOWAIT));
}

static void verify(void)
{
	siginfo_t si;
	int status;

	check_eq(waitpid(tracee, &status, 0), tracee);
	check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
	check_eq(ptrace(PTRACE_GETSIGINFO, tracee, NULL, &si), 0);
	check_eq(si.si_pid, sender);
	check_eq(ptrace(PTRACE_CONT, tracee, NULL, SIGUSR1), 0);
	check_eq(waitpid(tracee, &status, 0), tracee);
	check_eq(status, 0);
	check_eq(*seen, sender);
	check_eq(waitpid(sender, &status, 0), sender);
}

CRTEST(.about = "traced task", .ids = "PT-24", .refused = "trace", .arrange = arrange, .verify = verify)
