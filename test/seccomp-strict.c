// SPDX-License-Identifier: GPL-2.0-only
/* A child under SECCOMP_MODE_STRICT can read, write and exit, and nothing else. */
#include "test/crtest-seccomp.h"

static int to_child[2], from_child[2];
static pid_t good, bad;

/* Strict mode forbids the futex that the helpers of the tests sleep in. */
static pid_t start(int to, int from, bool obedient)
{
	pid_t pid = must(fork());
	char c = 'r';

	if (pid)
		return pid;
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
	syscall(SYS_write, from, &c, 1);
	syscall(SYS_read, to, &c, 1);
	c++;
	if (!obedient)
		syscall(SYS_getpid);
	syscall(SYS_write, from, &c, 1);
	syscall(SYS_exit, 7);
	abort();
}

static void arrange(void)
{
	char c;

	must(pipe(to_child));
	must(pipe(from_child));
	good = start(to_child[0], from_child[1], true);
	must(read(from_child[0], &c, 1));
	bad = start(to_child[0], from_child[1], false);
	must(read(from_child[0], &c, 1));
	task_wait_asleep(good);
	task_wait_asleep(bad);
}

static void verify(void)
{
	int status, ended = 0;
	char c;

	check_eq(status_number(good, "Seccomp"), SECCOMP_MODE_STRICT);
	check_eq(status_number(bad, "Seccomp"), SECCOMP_MODE_STRICT);
	check_eq(write(to_child[1], "xx", 2), 2);
	check_eq(read(from_child[0], &c, 1), 1);
	check_eq(c, 'y');
	check_eq(waitpid(good, &status, 0), good);
	ended += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	check_eq(waitpid(bad, &status, 0), bad);
	ended += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	check_eq(ended, 2);
}

CRTEST(.about = "strict seccomp", .ids = "CR-7", .root = true, .arrange = arrange, .verify = verify)
