// SPDX-License-Identifier: GPL-2.0-only
/* A zombie whose process group leader is dead and gone still reports that group. */
#include <sched.h>

#include "test/crtest.h"

static pid_t zombie, group;

static void arrange(void)
{
	pid_t *told = shared_alloc(sizeof(*told));
	int status;
	siginfo_t si;

	group = must(fork());
	if (!group) {
		must(setpgid(0, 0));
		zombie = must(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0));
		if (zombie)
			*told = zombie;
		_exit(0);
	}
	must(waitpid(group, &status, 0));
	zombie = *told;
	must(waitid(P_PID, zombie, &si, WEXITED | WNOWAIT));
	check_eq(getpgid(zombie), group);
}

static void verify(void)
{
	int status = -1;

	check_eq(getpgid(zombie), group);
	check_eq(waitpid(zombie, &status, 0), zombie);
	check_eq(status, 0);
}

CRTEST(.about = "group of a zombie with a dead leader", .ids = "PT-13", .root = true, .arrange = arrange,
       .verify = verify)
