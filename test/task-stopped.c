// SPDX-License-Identifier: GPL-2.0-only
/* A stopped child is stopped afterwards; also with a second stop signal pending for the process, the thread or both. */
#include "test/crtest.h"

#ifndef SECOND_STOP
#define SECOND_STOP 0 /* bit 0: by kill, bit 1: by tkill */
#endif

static pid_t child;
static int to_child[2];

static void live(void)
{
	char c = 0;

	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	close(to_child[1]);
	check_eq(read(to_child[0], &c, 1), 1);
	_exit(c == 'x' ? 0 : 1);
}

static void arrange(void)
{
	siginfo_t si;

	must(pipe(to_child));
	child = must(fork());
	if (!child)
		live();
	task_wait_asleep(child);
	must(kill(child, SIGSTOP));
	must(waitid(P_PID, child, &si, WSTOPPED | WNOWAIT));
	check_eq(si.si_status, SIGSTOP);
	if (SECOND_STOP & 1)
		must(kill(child, SIGSTOP));
	if (SECOND_STOP & 2)
		must(syscall(SYS_tkill, child, SIGSTOP));
}

static void verify(void)
{
	int status = -1;

	check_eq(waitpid(child, &status, WUNTRACED | WCONTINUED), child);
	check(WIFSTOPPED(status));
	check_eq(WSTOPSIG(status), SIGSTOP);
	check_eq(write(to_child[1], "x", 1), 1);
	check_eq(waitpid(child, &status, WNOHANG), 0);
	check_eq(kill(child, SIGCONT), 0);
	check_eq(waitpid(child, &status, 0), child);
	check_eq(status, 0);
}

/* In the flavour `stopped` the runner itself sends SIGCONT to all. */
CRTEST(.about = "stopped child", .ids = "PT-20", .flavours = "plain leave-running cycles sibling ns-tool",
       .arrange = arrange, .verify = verify)
