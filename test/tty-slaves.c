// SPDX-License-Identifier: GPL-2.0-only
/* One master, two slaves with different flags; the terminal belongs to somebody. Both receive. */
#include "test/crtest-tty.h"

static int master, one, two;

static void arrange(void)
{
	master = tty_master();
	one = tty_slave(master, 0);
	two = tty_slave(master, O_NONBLOCK);
	must(fchown(one, 13333, 44444));
	must(fchmod(one, 0621));
	tty_local(one, ECHO, 0);
}

static void verify(void)
{
	struct stat st;
	char c;

	must(fstat(two, &st));
	check_eq(st.st_uid, 13333);
	check_eq(st.st_gid, 44444);
	check_eq(st.st_mode & 07777, 0621);
	check_fails(read(two, &c, 1), EAGAIN);
	check_eq(fcntl(one, F_GETFL) & O_NONBLOCK, 0);
	check_eq(write(master, "one\n", 4), 4);
	check_reads(one, "one\n");
	check_eq(write(master, "two\n", 4), 4);
	check_reads(two, "two\n");
}

CRTEST(.about = "two slaves, owner of the terminal", .ids = "TTY-2", .arrange = arrange, .verify = verify, .root = true)
