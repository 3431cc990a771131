// SPDX-License-Identifier: GPL-2.0-only
/* A child stopped by SIGSTOP with SIGTSTP blocked and pending comes back stopped and goes on at SIGCONT. */
#include "test/crtest.h"

static pid_t child;
static int go[2];

static void live(void)
{
	sigset_t set;
	char c;

	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	must(read(go[0], &c, 1));
	_exit(0);
}

static void arrange(void)
{
	siginfo_t si;

	must(pipe(go));
	child = must(fork());
	if (!child)
		live();
	task_wait_asleep(child);
	must(kill(child, SIGSTOP));
	must(waitid(P_PID, child, &si, WSTOPPED | WNOWAIT));
	must(kill(child, SIGTSTP));
}

static void verify(void)
{
	int status = -1;

	check_eq(write(go[1], "x", 1), 1);
	usleep(20000);
	check_eq(waitpid(child, &status, WNOHANG), 0);
	check_eq(kill(child, SIGCONT), 0);
	check_eq(waitpid(child, &status, 0), child);
	check_eq(status, 0);
}

CRTEST(.about = "stopped child with a stop signal pending", .ids = "PT-22",
       .flavours = "plain leave-running cycles sibling ns-tool", .arrange = arrange, .verify = verify)
