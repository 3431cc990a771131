// SPDX-License-Identifier: GPL-2.0-only
/* A slave opened with O_NOCTTY by the leader of a session controls nothing. */
#include "test/crtest-tty.h"

static int master, slave;

static void arrange(void)
{
	if (getsid(0) != getpid())
		must(setsid());
	master = tty_master();
	slave = tty_slave(master, 0);
}

static void verify(void)
{
	pid_t sid;

	check_fails(ioctl(slave, TIOCGSID, &sid), ENOTTY);
	check_fails(ioctl(master, TIOCGSID, &sid), ENOTTY);
	check_fails(open("/dev/tty", O_RDWR), ENXIO);
}

CRTEST(.about = "a terminal that controls nothing", .ids = "TTY-7", .arrange = arrange, .verify = verify)
