// SPDX-License-Identifier: GPL-2.0-only
/* A second read end made through /proc/self/fd with O_NONBLOCK of its own; one opened for reading and writing; packets. */
#include "test/crtest.h"

static int ends[2], again, both, packet[2];

static void arrange(void)
{
	char path[32];

	must(pipe(ends));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	again = must(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	both = must(open(path, O_RDWR));
	must(pipe2(packet, O_DIRECT));
	must(write(packet[1], "one", 3));
	must(write(packet[1], "three", 5));
}

static void verify(void)
{
	char buf[8] = "";

	check_eq(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
	check_eq(fcntl(again, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	check_eq(fcntl(again, F_GETFD), FD_CLOEXEC);
	check_eq(fcntl(both, F_GETFL) & O_ACCMODE, O_RDWR);
	check_fails(read(again, buf, 1), EAGAIN);
	check_eq(write(both, "a", 1), 1);
	check_eq(read(ends[0], buf, 2), 1);
	check_eq(fcntl(packet[1], F_GETFL) & O_DIRECT, O_DIRECT);
	check_eq(read(packet[0], buf, 8), 3);
	check_eq(read(packet[0], buf, 8), 5);
}

CRTEST(.about = "pipe ends opened again, packet mode", .ids = "PF-3", .arrange = arrange, .verify = verify)
