// SPDX-License-Identifier: GPL-2.0-only
/* Pipes of 1 MiB, one of them full, and one of a page. */
#include "test/crtest.h"

#define MIB (1 << 20)

static int full[2], empty[2], small[2];

static void arrange(void)
{
	char *data = map_anon(MIB, PROT_READ | PROT_WRITE, 0);

	must(pipe2(full, O_NONBLOCK));
	must(pipe(empty));
	must(pipe(small));
	check_eq(fcntl(full[0], F_SETPIPE_SZ, MIB), MIB);
	check_eq(fcntl(empty[0], F_SETPIPE_SZ, MIB), MIB);
	check_eq(fcntl(small[0], F_SETPIPE_SZ, PAGE), PAGE);
	fill_random(data, MIB, 1);
	check_eq(write(full[1], data, MIB), MIB);
	must(munmap(data, MIB));
}

static void verify(void)
{
	char *data = malloc(MIB);

	check_eq(fcntl(full[0], F_GETPIPE_SZ), MIB);
	check_eq(fcntl(empty[0], F_GETPIPE_SZ), MIB);
	check_eq(fcntl(small[0], F_GETPIPE_SZ), PAGE);
	check_fails(write(full[1], "x", 1), EAGAIN);
	check_eq(read(full[0], data, MIB), MIB);
	check_random(data, MIB, 1);
	free(data);
}

CRTEST(.about = "pipe sizes", .ids = "PF-4", .arrange = arrange, .verify = verify)
