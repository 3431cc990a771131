// SPDX-License-Identifier: GPL-2.0-only
/* A child keeps its pid, its parent's pid, and the pipes to its parent. */
#include "test/crtest.h"

static int down[2], up[2];
static struct task *child;
static pid_t self, child_pid;

static void echo(void *arg)
{
	char text[32];
	ssize_t n;

	check_eq(getpid(), child_pid);
	check_eq(getppid(), self);
	close(down[1]);
	while ((n = read(down[0], text, sizeof(text))) > 0)
		check_eq(write(up[1], text, n), n);
	check_eq(n, 0);
}

static void remember(void *arg)
{
	child_pid = getpid();
}

static void arrange(void)
{
	self = getpid();
	must(pipe(down));
	must(pipe(up));
	child = task_child(remember, echo, NULL);
	close(down[0]);
	close(up[1]);
}

static void verify(void)
{
	char text[32] = "";

	check_eq(getpid(), self);
	task_wake(child);
	check_eq(write(down[1], "hello", 5), 5);
	check_eq(read(up[0], text, sizeof(text)), 5);
	check_str(text, "hello");
	close(down[1]);
	check_eq(read(up[0], text, sizeof(text)), 0);
	task_join(child);
}

CRTEST(.about = "a child and its pipes", .ids = "PT-6", .arrange = arrange, .verify = verify)
