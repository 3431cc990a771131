// SPDX-License-Identifier: GPL-2.0-only
/* Two filters one after the other, which forbid what a restore itself needs; the child that has them is no longer root. */
#include <linux/ptrace.h>

#include "test/crtest-seccomp.h"

static struct task *tasks[2];

static void confine(void *arg)
{
	must(forbid(SYS_ptrace, SECCOMP_RET_KILL_PROCESS, 0));
	must(setuid(18943));
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(forbid(SYS_setresuid, SECCOMP_RET_KILL_PROCESS, SECCOMP_FILTER_FLAG_LOG));
	must(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
}

static void die(void *arg)
{
	pid_t pid;
	int status;

	check_eq(prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
	check_eq(status_number(getpid(), "Seccomp_filters"), 2);
	check_eq(getuid(), 18943);
	pid = fork();
	if (!pid) {
		syscall((long)arg, PTRACE_TRACEME, 0, 0, 0);
		_exit(0);
	}
	check_eq(waitpid(pid, &status, 0), pid);
	check(WIFSIGNALED(status));
	check_eq(WTERMSIG(status), SIGSYS);
}

/* Only a tracer can see whether a filter logs. */
static void same_flags(pid_t pid)
{
	struct seccomp_metadata first = { .filter_off = 0 }, second = { .filter_off = 1 };

	check_eq(syscall(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
	check_eq(syscall(SYS_ptrace, PTRACE_INTERRUPT, pid, 0, 0), 0);
	check_eq(waitpid(pid, NULL, __WALL), pid);
	check_eq(syscall(SYS_ptrace, PTRACE_SECCOMP_GET_METADATA, pid, sizeof(first), &first), sizeof(first));
	check_eq(syscall(SYS_ptrace, PTRACE_SECCOMP_GET_METADATA, pid, sizeof(second), &second), sizeof(second));
	check_eq(first.flags, 0);
	check_eq(second.flags, SECCOMP_FILTER_FLAG_LOG);
	check_eq(syscall(SYS_ptrace, PTRACE_DETACH, pid, 0, 0), 0);
}

static void arrange(void)
{
	tasks[0] = task_child(confine, die, (void *)SYS_ptrace);
	tasks[1] = task_child(confine, die, (void *)SYS_setresuid);
}

static void verify(void)
{
	check_eq(prctl(PR_GET_SECCOMP), SECCOMP_MODE_DISABLED);
	same_flags(task_pid(tasks[0]));
	task_join(tasks[0]);
	task_join(tasks[1]);
}

CRTEST(.about = "a chain of seccomp filters", .ids = "CR-8", .root = true, .arrange = arrange, .verify = verify)
