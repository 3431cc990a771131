// SPDX-License-Identifier: GPL-2.0-only
/* Packets in a pipe in packet mode (O_DIRECT) keep their boundaries: several, and a single one. */
#include "test/crtest.h"

static int several[2], single[2];

static void arrange(void)
{
	must(pipe2(several, O_DIRECT | O_NONBLOCK));
	must(write(several[1], "first", 5));
	must(write(several[1], "second one", 10));
	must(write(several[1], "3", 1));
	must(pipe2(single, O_DIRECT));
	must(write(single[1], "cut off here", 12));
}

static void verify(void)
{
	char buf[64];

	check_eq(read(several[0], buf, sizeof(buf)), 5);
	check_mem(buf, "first", 5);
	check_eq(read(several[0], buf, 6), 6); /* the rest of a packet is thrown away */
	check_mem(buf, "second", 6);
	check_eq(read(several[0], buf, sizeof(buf)), 1);
	check_fails(read(several[0], buf, sizeof(buf)), EAGAIN);
	check_eq(write(several[1], "ab", 2), 2);
	check_eq(write(several[1], "cd", 2), 2);
	check_eq(read(several[0], buf, sizeof(buf)), 2);
	check_eq(read(single[0], buf, 3), 3);
	check_eq(fcntl(single[0], F_SETFL, O_NONBLOCK), 0);
	check_fails(read(single[0], buf, sizeof(buf)), EAGAIN);
}

CRTEST(.about = "pipes in packet mode", .ids = "PF-2", .arrange = arrange, .verify = verify)
