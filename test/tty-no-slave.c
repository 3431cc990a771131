// SPDX-License-Identifier: GPL-2.0-only
/* A controlling terminal of which no slave is open: /dev/tty can be opened; so it can be in a child, which inherited it. */
#include "test/crtest-tty.h"

static int master;
static struct task *child;

static void child_verify(void *arg)
{
	int fd = must(open("/dev/tty", O_RDWR));

	check_eq(tcgetsid(fd), getppid());
	check_eq(write(fd, "c", 1), 1);
}

static void arrange(void)
{
	int slave;

	if (getsid(0) != getpid())
		must(setsid());
	master = tty_master();
	slave = tty_slave(master, 0);
	must(ioctl(slave, TIOCSCTTY, 0));
	close(slave);
	child = task_child(NULL, child_verify, NULL);
}

static void verify(void)
{
	int fd = open("/dev/tty", O_RDWR);
	struct stat st;
	char text[64];

	check(fd >= 0);
	check_eq(tcgetsid(fd), getpid());
	check_eq(tcgetsid(master), getpid());
	snprintf(text, sizeof(text), "%s", ttyname(fd));
	must(stat(ptsname(master), &st));
	check_eq(write(fd, "p", 1), 1);
	check_reads(master, "p");
	task_join(child);
	check_reads(master, "c");
}

CRTEST(.about = "a controlling terminal without an open slave", .ids = "TTY-4", .arrange = arrange, .verify = verify)
