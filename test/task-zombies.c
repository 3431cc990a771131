// SPDX-License-Identifier: GPL-2.0-only
/* Zombies can be reaped with the same pid and status. */
#include <sys/resource.h>

#include "test/crtest.h"

static pid_t zombies[4];
static int statuses[4];

static void die(int how)
{
	/* A core file would show in the status. */
	must(setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }));
	if (how < 2)
		_exit(how ? 3 : 0);
	kill(getpid(), how == 2 ? SIGKILL : SIGSEGV);
	for (;;)
		pause();
}

static void arrange(void)
{
	for (int i = 0; i < 4; i++) {
		siginfo_t si;

		zombies[i] = must(fork());
		if (!zombies[i])
			die(i);
		must(waitid(P_PID, zombies[i], &si, WEXITED | WNOWAIT));
		statuses[i] = si.si_code == CLD_EXITED ? W_EXITCODE(si.si_status, 0) : si.si_status;
	}
}

static void verify(void)
{
	for (int i = 0; i < 4; i++) {
		int status = -1;

		check_eq(waitpid(zombies[i], &status, WNOHANG), zombies[i]);
		check_eq(status, statuses[i]);
	}
}

CRTEST(.about = "zombies, exited and killed", .ids = "PT-12", .arrange = arrange, .verify = verify)
