// SPDX-License-Identifier: GPL-2.0-only
/*
 * Masters whose slave nobody has open: one where nobody ever had, one where all were closed again. The numbers of the terminals have a
 * gap. What was typed ahead is read by the first who opens the slave.
 */
#include "test/crtest-tty.h"

static int unopened, closed;
static int number[2];

static void arrange(void)
{
	int gap = tty_master(), slave;

	unopened = tty_master();
	closed = tty_master();
	must(ioctl(unopened, TIOCGPTN, &number[0]));
	must(ioctl(closed, TIOCGPTN, &number[1]));
	close(gap);
	slave = tty_slave(closed, 0);
	check_eq(write(slave, "last words", 10), 10);
	close(slave);
	must(ioctl(unopened, TIOCSPTLCK, &(int){ 1 }));
	check_eq(write(unopened, "typed ahead\n", 12), 12);
	must(fcntl(unopened, F_SETFL, O_NONBLOCK));
}

static void verify(void)
{
	int fd = unopened, n, slave;
	char c;

	must(ioctl(unopened, TIOCGPTN, &n));
	check_eq(n, number[0]);
	must(ioctl(closed, TIOCGPTN, &n));
	check_eq(n, number[1]);
	check_reads(closed, "last words");
	check(tty_events(closed) & POLLHUP);
	check_fails(read(closed, &c, 1), EIO);

	check(!(tty_events(unopened) & POLLHUP));
	check_reads(unopened, "typed ahead\r\n");
	check_fails(read(unopened, &c, 1), EAGAIN);
	must(ioctl(unopened, TIOCGPTLCK, &n));
	check_eq(n, 1);
	check_fails(open(ptsname(fd), O_RDWR | O_NOCTTY), EIO);
	must(unlockpt(unopened));
	slave = tty_slave(unopened, 0);
	check_reads(slave, "typed ahead\n");
	check_eq(write(slave, "x", 1), 1);
	check_reads(unopened, "x");
}

CRTEST(.about = "masters alone", .ids = "TTY-4", .arrange = arrange, .verify = verify)
