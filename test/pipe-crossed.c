// SPDX-License-Identifier: GPL-2.0-only
/* Two processes with two pipes on crossed descriptor numbers: data both ways, end of file after the last close. */
#include "test/crtest.h"

static struct task *child;
static int to_child[2], to_parent[2];

/* The parent reads at 11 and writes at 12, the child the other way round. */
static void keep(int read_from, int write_to, int in, int out)
{
	int r = must(fcntl(read_from, F_DUPFD, 50)), w = must(fcntl(write_to, F_DUPFD, 50));

	close(to_child[0]);
	close(to_child[1]);
	close(to_parent[0]);
	close(to_parent[1]);
	must(dup2(r, in));
	must(dup2(w, out));
	close(r);
	close(w);
}

static void cross(void *arg)
{
	keep(to_child[0], to_parent[1], 12, 11);
}

static void echo(void *arg)
{
	char buf[8];

	check_eq(read(12, buf, 8), 4);
	check_mem(buf, "down", 4);
	check_eq(write(11, "up", 2), 2);
	check_eq(read(12, buf, 8), 0);
}

static void arrange(void)
{
	must(pipe(to_child));
	must(pipe(to_parent));
	child = task_child(cross, echo, NULL);
	keep(to_parent[0], to_child[1], 11, 12);
}

static void verify(void)
{
	char buf[8];

	check_eq(write(12, "down", 4), 4);
	task_wake(child);
	check_eq(read(11, buf, 8), 2);
	check_mem(buf, "up", 2);
	close(12);
	task_join(child);
	check_eq(read(11, buf, 8), 0);
}

CRTEST(.about = "pipes on crossed numbers", .ids = "PF-1", .arrange = arrange, .verify = verify)
