// SPDX-License-Identifier: GPL-2.0-only
/* A full pipe with duplicated ends and ends opened again through /proc: all bytes, flags of each, end of file. */
#include "test/crtest.h"

static int ends[2], copies[2], again[2];
static size_t filled;

static char byte(size_t i)
{
	return i * 7 + i / 251;
}

static void arrange(void)
{
	char path[32], buf[PAGE];

	must(pipe2(ends, O_NONBLOCK));
	copies[0] = must(dup(ends[0]));
	copies[1] = must(dup(ends[1]));
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[i]);
		again[i] = must(open(path, i ? O_WRONLY : O_RDONLY));
	}
	for (;;) {
		ssize_t n;

		for (size_t i = 0; i < PAGE; i++)
			buf[i] = byte(filled + i);
		n = write(ends[1], buf, PAGE);
		if (n <= 0)
			break;
		filled += n;
	}
	check_eq(errno, EAGAIN);
}

static void verify(void)
{
	char c;

	check_fails(write(copies[1], "x", 1), EAGAIN);
	for (int i = 0; i < 2; i++) {
		check_eq(fcntl(ends[i], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
		check_eq(fcntl(copies[i], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
		check_eq(fcntl(again[i], F_GETFL) & O_NONBLOCK, 0);
	}
	close(ends[1]);
	close(copies[1]);
	for (size_t i = 0; i < filled; i++) {
		check_eq(read(i % 2 ? copies[0] : again[0], &c, 1), 1);
		check_eq(c, byte(i));
	}
	check_fails(read(ends[0], &c, 1), EAGAIN);
	close(again[1]);
	check_eq(read(ends[0], &c, 1), 0);
}

CRTEST(.about = "a full pipe, opened again", .ids = "PF-2", .arrange = arrange, .verify = verify)
