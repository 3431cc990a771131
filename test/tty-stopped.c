// SPDX-License-Identifier: GPL-2.0-only
/* Output that was stopped, by a character and by a call, stays so until the same lets it go on; what was written before is there. */
#include "test/crtest-tty.h"

#define MUCH 6000

static int master[4], slave[4]; /* the second two with more to read at the master than its line discipline holds */
static char much[MUCH];

static void arrange(void)
{
	memset(much, 'o', MUCH);
	for (int i = 0; i < 4; i++) {
		master[i] = tty_master();
		slave[i] = tty_slave(master[i], O_NONBLOCK);
		tty_local(slave[i], ECHO, 0);
		check_eq(write(slave[i], i < 2 ? "before" : much, i < 2 ? 6 : MUCH), i < 2 ? 6 : MUCH);
	}
	for (int i = 0; i < 4; i += 2) {
		check_eq(write(master[i], "line\n\023", 6), 6);
		must(tcflow(slave[i + 1], TCOOFF));
		while (tty_events(slave[i]) & POLLOUT)
			;
	}
}

static void read_much(int fd)
{
	char b[MUCH] = "";

	for (size_t got = 0; got < MUCH;) {
		ssize_t n = read(fd, b + got, MUCH - got);

		check(n > 0);
		got += n;
	}
	check_mem(b, much, MUCH);
}

static void verify(void)
{
	for (int i = 0; i < 4; i++) {
		if (i < 2)
			check_reads(master[i], "before");
		else
			read_much(master[i]);
		check(!(tty_events(slave[i]) & POLLOUT));
		check_fails(write(slave[i], "x", 1), EAGAIN);
		check_eq(write(master[i], "\021", 1), 1);
	}
	/* What the master wrote is looked at when a worker of the kernel has the time. */
	for (int i = 0; i < 4; i += 2) {
		while (!(tty_events(slave[i]) & POLLOUT))
			usleep(1000);
		check_eq(write(slave[i], "x", 1), 1);
		check_fails(write(slave[i + 1], "x", 1), EAGAIN);
		must(tcflow(slave[i + 1], TCOON));
		check_eq(write(slave[i + 1], "x", 1), 1);
		check_reads(slave[i], "line\n");
	}
}

CRTEST(.about = "stopped output", .ids = "TTY-1", .arrange = arrange, .verify = verify)
