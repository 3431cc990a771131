// SPDX-License-Identifier: GPL-2.0-only
/* A child whose first thread has exited, and whose others are stopped: it is stopped afterwards, by the same signal, and goes on when told to. */
#include <pthread.h>

#include "test/crtest.h"

#define STATUS 5

static pid_t child;
static int to_child[2];

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *live_on(void *arg)
{
	pthread_t third;
	char c = 0;

	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	must_zero(pthread_create(&third, NULL, idle, NULL));
	while (*proc_field("/proc/self/status", "State") != 'Z')
		usleep(1000);
	must(raise(SIGTSTP));
	check_eq(read(to_child[0], &c, 1), 1);
	_exit(STATUS);
	return arg;
}

static void begin(void)
{
	pthread_t second;

	close(to_child[1]);
	must(setpgid(0, 0)); /* in an orphaned group the signal would have no effect */
	must_zero(pthread_create(&second, NULL, live_on, NULL));
	syscall(SYS_exit, 0);
}

static void arrange(void)
{
	int thread = syscall(SYS_pidfd_open, getpid(), O_EXCL);

	if (thread < 0)
		skip("no PIDFD_THREAD (Linux 6.9): %s", strerror(errno));
	close(thread);
	siginfo_t si;

	must(pipe(to_child));
	child = must(fork());
	if (!child)
		begin();
	must(waitid(P_PID, child, &si, WSTOPPED | WNOWAIT));
	check_eq(si.si_status, SIGTSTP);
}

static void verify(void)
{
	int status = -1;

	check_eq(waitpid(child, &status, WUNTRACED), child);
	check(WIFSTOPPED(status));
	check_eq(WSTOPSIG(status), SIGTSTP);
	check_eq(write(to_child[1], "x", 1), 1);
	check_eq(waitpid(child, &status, WNOHANG), 0);
	check_eq(kill(child, SIGCONT), 0);
	check_eq(waitpid(child, &status, 0), child);
	check_eq(status, W_EXITCODE(STATUS, 0));
}

/* In the flavour `stopped` the runner itself sends SIGCONT to all. */
CRTEST(.about = "a stopped child whose first thread has exited", .ids = "TH-3 PT-20",
       .flavours = "plain leave-running cycles sibling ns-tool", .arrange = arrange, .verify = verify)
