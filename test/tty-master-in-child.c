// SPDX-License-Identifier: GPL-2.0-only
/* Only a child has the master; what it wrote is read by the parent. */
#include "test/crtest-tty.h"

static int master, slave;
static struct task *child;

static void child_arrange(void *arg)
{
	int copy = must(dup(master));

	close(master);
	check_eq(write(copy, "from the child\n", 15), 15);
	master = copy;
}

static void child_verify(void *arg)
{
	check_comes(master, "from the child\r\nfrom the parent\r\n");
}

static void arrange(void)
{
	master = tty_master();
	slave = tty_slave(master, 0);
	child = task_child(child_arrange, child_verify, NULL);
	close(master);
}

static void verify(void)
{
	check_reads(slave, "from the child\n");
	check_eq(write(slave, "from the parent\n", 16), 16);
	task_join(child);
}

CRTEST(.about = "master in a child only", .ids = "TTY-3", .arrange = arrange, .verify = verify)
