// SPDX-License-Identifier: GPL-2.0-only
/* The master of a controlling terminal was closed: its slaves are dead and stay so, under their number; closing works. */
#include "test/crtest-tty.h"

static int one, two;
static struct stat before;

static void arrange(void)
{
	int master = tty_master();

	signal(SIGHUP, SIG_IGN);
	if (getsid(0) != getpid())
		must(setsid());
	one = tty_slave(master, 0);
	two = tty_slave(master, O_NONBLOCK);
	must(ioctl(one, TIOCSCTTY, 0));
	close(master);
	must(fstat(one, &before));
}

static void verify(void)
{
	struct termios t;
	struct stat st;
	char c;

	must(fstat(two, &st));
	check_eq(st.st_rdev, before.st_rdev);
	check_eq(read(one, &c, 1), 0);
	check_eq(read(two, &c, 1), 0);
	check_fails(write(one, "x", 1), EIO);
	check_fails(tcgetattr(two, &t), EIO);
	check_fails(open("/dev/tty", O_RDWR), ENXIO);
	check_eq(fcntl(two, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	check_eq(close(one), 0);
	check_eq(close(two), 0);
}

CRTEST(.about = "slaves of a terminal that was hung up", .ids = "TTY-5", .arrange = arrange, .verify = verify)
