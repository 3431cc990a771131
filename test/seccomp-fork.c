// SPDX-License-Identifier: GPL-2.0-only
/* Filters of a parent hold in its child and in what that forks. */
#include "test/crtest-seccomp.h"

#ifndef SYS_statx
#define SYS_statx 332
#endif

static struct task *parent, *child;

/* The call must kill whoever makes it. */
static void killed_by(long nr)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		syscall(nr, 0, 0, 0, 0, 0);
		_exit(0);
	}
	check_eq(waitpid(pid, &status, 0), pid);
	check(WIFSIGNALED(status));
	check_eq(WTERMSIG(status), SIGSYS);
}

static void check_both(void)
{
	check_eq(status_number(getpid(), "Seccomp_filters"), 2);
	killed_by(SYS_ptrace);
	killed_by(SYS_statx);
}

static void child_verify(void *arg)
{
	check_both();
}

static void parent_arrange(void *arg)
{
	must(forbid(SYS_statx, SECCOMP_RET_KILL_PROCESS, 0));
	must(forbid(SYS_ptrace, SECCOMP_RET_KILL_PROCESS, 0));
	child = task_child(NULL, child_verify, NULL);
}

static void parent_verify(void *arg)
{
	check_both();
	task_join(child);
}

static void arrange(void)
{
	parent = task_child(parent_arrange, parent_verify, NULL);
}

static void verify(void)
{
	check_eq(prctl(PR_GET_SECCOMP), SECCOMP_MODE_DISABLED);
	task_join(parent);
}

CRTEST(.about = "seccomp filters inherited over fork", .ids = "CR-9", .root = true, .arrange = arrange,
       .verify = verify)
