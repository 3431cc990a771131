// SPDX-License-Identifier: GPL-2.0-only
/* A terminal controls one session, and its only open slave is with the leader of another one. */
#include "test/crtest-tty.h"

static int master;
static struct task *owner, *holder;

static void lead(void *arg)
{
	int slave = tty_slave(master, 0);

	must(setsid());
	if (!arg)
		must(ioctl(slave, TIOCSCTTY, 0));
	if (!arg)
		close(slave);
	close(master);
	master = slave;
}

static void owner_verify(void *arg)
{
	int fd = open("/dev/tty", O_RDWR);

	check(fd >= 0);
	check_eq(tcgetpgrp(fd), getpid());
}

static void holder_verify(void *arg)
{
	pid_t sid;

	check_fails(open("/dev/tty", O_RDWR), ENXIO);
	check_fails(ioctl(master, TIOCGSID, &sid), ENOTTY);
}

static void arrange(void)
{
	master = tty_master();
	owner = task_child(lead, owner_verify, NULL);
	holder = task_child(lead, holder_verify, &master);
}

static void verify(void)
{
	pid_t sid;

	must(ioctl(master, TIOCGSID, &sid));
	check_eq(sid, task_pid(owner));
	task_join(owner);
	task_join(holder);
}

CRTEST(.about = "a terminal of one session, open in another", .ids = "TTY-8", .arrange = arrange, .verify = verify)
