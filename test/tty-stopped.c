// SPDX-License-Identifier: GPL-2.0-only
/* Output that was stopped, by a character and by a call, stays so until the same lets it go on; what was written before is there. */
#include "test/crtest-tty.h"

static int master[2], slave[2];

static void arrange(void)
{
	for (int i = 0; i < 2; i++) {
		master[i] = tty_master();
		slave[i] = tty_slave(master[i], O_NONBLOCK);
		tty_local(slave[i], ECHO, 0);
		check_eq(write(slave[i], "before", 6), 6);
	}
	check_eq(write(master[0], "line\n\023", 6), 6);
	must(tcflow(slave[1], TCOOFF));
	while (tty_events(slave[0]) & POLLOUT)
		;
}

static void verify(void)
{
	for (int i = 0; i < 2; i++) {
		check_reads(master[i], "before");
		check(!(tty_events(slave[i]) & POLLOUT));
		check_fails(write(slave[i], "x", 1), EAGAIN);
		check_eq(write(master[i], "\021", 1), 1);
	}
	/* What the master wrote is looked at when a worker of the kernel has the time. */
	while (!(tty_events(slave[0]) & POLLOUT))
		usleep(1000);
	check_eq(write(slave[0], "x", 1), 1);
	check_fails(write(slave[1], "x", 1), EAGAIN);
	must(tcflow(slave[1], TCOON));
	check_eq(write(slave[1], "x", 1), 1);
	check_reads(slave[0], "line\n");
}

CRTEST(.about = "stopped output", .ids = "TTY-1", .arrange = arrange, .verify = verify)
