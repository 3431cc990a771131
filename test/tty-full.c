// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terminals as full as can be, in both directions: more than the line discipline holds. What it has not seen yet is processed when it
 * does, not before: carriage returns become newlines, and come as echo then.
 */
#include "test/crtest-tty.h"

enum { RAW, LINES, NR };

static int master[NR], slave[NR];
static size_t in[NR], out[NR];

static size_t fill(int fd, size_t size, size_t sum)
{
	char buf[64];

	for (;;) {
		ssize_t n;

		for (size_t i = 0; i < size; i++)
			buf[i] = (sum + i) % 64 == 63 ? '\r' : 'a' + (sum + i) / 64 % 26;
		n = write(fd, buf, size);
		if (n <= 0)
			return sum;
		sum += n;
	}
}

static void settle(int fd)
{
	usleep(50000);
	(void)tty_events(fd);
}

static void arrange(void)
{
	for (int i = 0; i < NR; i++) {
		master[i] = tty_master();
		slave[i] = tty_slave(master[i], O_NONBLOCK);
		must(fcntl(master[i], F_SETFL, O_NONBLOCK));
		if (i == RAW)
			tty_raw(slave[i]);
		else
			tty_local(slave[i], ECHO, 0);
		in[i] = fill(master[i], 64, 0);
		settle(slave[i]);
		in[i] = fill(master[i], 64, in[i]);
		out[i] = fill(slave[i], 61, 0);
		settle(master[i]);
	}
	check(in[RAW] > 4096 && in[LINES] > 4096 && out[RAW] > 4096 && out[LINES] > 4096);
}

static size_t drain(int fd, char newline)
{
	char buf[4096];
	size_t sum = 0;

	for (int quiet = 0; quiet < 3;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0) {
			usleep(20000);
			quiet++;
			continue;
		}
		if (newline)
			check_eq(n, 64);
		for (ssize_t i = 0; i < n && newline; i++)
			check_eq(buf[i], i == 63 ? newline : 'a' + (int)(sum / 64 % 26));
		sum += n;
		quiet = 0;
	}
	return sum;
}

static void verify(void)
{
	for (int i = 0; i < NR; i++) {
		size_t lost = i == LINES ? in[i] % 64 : 0;

		check_eq(drain(slave[i], i == LINES ? '\n' : 0), in[i] - lost);
		check(drain(master[i], 0) >= out[i]);
	}
}

CRTEST(.about = "terminals full in both directions", .ids = "TTY-1", .arrange = arrange, .verify = verify)
