// SPDX-License-Identifier: GPL-2.0-only
/*
 * What waits in a terminal in canonical mode comes by the same reads as before: lines, one with a newline in it, an end of file in the
 * middle and one by itself, and a line that is still being typed and can be corrected. Its echo waits at the master.
 */
#include "test/crtest-tty.h"

static int master, slave;

static void type(const char *text)
{
	check_eq(write(master, text, strlen(text)), strlen(text));
}

static void arrange(void)
{
	struct termios t;

	master = tty_master();
	slave = tty_slave(master, O_NONBLOCK);
	must(tcgetattr(slave, &t));
	t.c_cc[VEOL] = '#';
	must(tcsetattr(slave, TCSANOW, &t));
	type("one\r");
	type("with \026\n in it\n");
	type("ended\004");
	type("\004");
	type("hash#");
	type("typingg");
	while (!(tty_events(master) & POLLIN))
		;
}

static void verify(void)
{
	char c;

	check_reads(slave, "one\n");
	check_reads(slave, "with \n in it\n");
	check_reads(slave, "ended");
	check_eq(read(slave, &c, 1), 0);
	check_reads(slave, "hash#");
	check_fails(read(slave, &c, 1), EAGAIN);
	type("\177 it\n");
	while (!(tty_events(slave) & POLLIN))
		;
	check_reads(slave, "typing it\n");
	check_comes(master, "one\r\nwith ^\b^J in it\r\nendedhash#typingg\b \b it\r\n");
}

CRTEST(.about = "lines that wait in a terminal", .ids = "TTY-1", .arrange = arrange, .verify = verify)
