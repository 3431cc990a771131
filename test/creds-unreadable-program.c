// SPDX-License-Identifier: GPL-2.0-only
/* A child that runs a program which it may execute but not read is not dumpable, and stays as it was in this. */
#include "test/crtest.h"

#define UID 18943

static int question[2], answer[2];
static int before;
static pid_t child;

/* In the child's program, which is a copy of this one: tells what it is whenever it is asked. */
static void __attribute__((constructor)) report(void)
{
	const char *fds = getenv("CRTEST_REPORT");
	int in, out;
	char c;

	if (!fds || sscanf(fds, "%d %d", &in, &out) != 2)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(in, &c, 1) == 1) {
		c = prctl(PR_GET_DUMPABLE);
		if (write(out, &c, 1) != 1)
			break;
	}
	_exit(0);
}

static int ask(void)
{
	char c = 0;

	must(write(question[1], "?", 1));
	must(read(answer[0], &c, 1));
	return c;
}

static void copy_program(void)
{
	int from = must(open("/proc/self/exe", O_RDONLY)), to = must(open("program", O_WRONLY | O_CREAT, 0700));
	char buf[65536];
	ssize_t n;

	while ((n = must(read(from, buf, sizeof(buf)))) > 0)
		must(write(to, buf, n));
	close(from);
	must(fchmod(to, 0111));
	close(to);
	must(chmod(".", 0755));
}

static void arrange(void)
{
	char env[64];

	copy_program();
	must(pipe(question));
	must(pipe(answer));
	snprintf(env, sizeof(env), "CRTEST_REPORT=%d %d", question[0], answer[1]);
	child = must(fork());
	if (!child) {
		close(question[1]);
		close(answer[0]);
		must(setgid(UID));
		must(setuid(UID));
		execve("program", (char *[]){ "program", NULL }, (char *[]){ env, NULL });
		_exit(1);
	}
	close(question[0]);
	close(answer[1]);
	before = ask();
	check(before != 1);
}

static void verify(void)
{
	int status;

	check_eq(ask(), before);
	close(question[1]);
	check_eq(waitpid(child, &status, 0), child);
	check_eq(status, 0);
	must(unlink("program"));
}

CRTEST(.about = "a program that cannot be read", .ids = "CR-13", .root = true, .arrange = arrange, .verify = verify)
