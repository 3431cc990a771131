// SPDX-License-Identifier: GPL-2.0-only
/* A child stopped by SIGTSTP reports that signal, before and after. */
#include "test/crtest.h"

static pid_t child;

static void expect_stop(void)
{
	siginfo_t si = { 0 };

	check_eq(waitid(P_PID, child, &si, WSTOPPED | WNOWAIT), 0);
	check_eq(si.si_code, CLD_STOPPED);
	check_eq(si.si_status, SIGTSTP);
}

static void arrange(void)
{
	child = must(fork());
	if (!child) {
		/* A group of its own with a parent in another one of the session: not orphaned, so SIGTSTP works. */
		must(setpgid(0, 0));
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		pause();
		_exit(0);
	}
	setpgid(child, child);
	task_wait_asleep(child);
	must(kill(child, SIGTSTP));
	expect_stop();
}

static void verify(void)
{
	int status;

	expect_stop();
	check_eq(kill(child, SIGKILL), 0);
	check_eq(waitpid(child, &status, 0), child);
}

CRTEST(.about = "child stopped by SIGTSTP", .ids = "PT-21", .flavours = "plain leave-running cycles sibling ns-tool",
       .arrange = arrange, .verify = verify)
