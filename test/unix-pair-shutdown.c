// SPDX-License-Identifier: GPL-2.0-only
/* Socket pairs of which one or both directions are shut down. */
#include <sys/socket.h>

#include "test/crtest.h"

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };
static int no_read[2][2], none[2][2], dgram[2];

static void arrange(void)
{
	for (int i = 0; i < 2; i++) {
		must(socketpair(AF_UNIX, types[i], 0, no_read[i]));
		must(shutdown(no_read[i][0], SHUT_RD));
		must(socketpair(AF_UNIX, types[i], 0, none[i]));
		must(shutdown(none[i][0], SHUT_RDWR));
	}
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram));
	must(send(dgram[0], "queued", 6, 0));
	must(shutdown(dgram[0], SHUT_WR));
}

static void verify(void)
{
	char buf[16];

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		check_eq(write(no_read[i][0], "x", 1), 1);
		check_eq(read(no_read[i][1], buf, 16), 1);
		check_fails(write(no_read[i][1], "x", 1), EPIPE);
		check_eq(read(no_read[i][0], buf, 16), 0);
		for (int end = 0; end < 2; end++) {
			check_fails(write(none[i][end], "x", 1), EPIPE);
			check_eq(read(none[i][end], buf, 16), 0);
		}
	}
	check_eq(read(dgram[1], buf, 16), 6);
	check_mem(buf, "queued", 6);
	check_fails(write(dgram[0], "x", 1), EPIPE);
	check_eq(write(dgram[1], "back", 4), 4);
	check_eq(read(dgram[0], buf, 16), 4);
}

CRTEST(.about = "socket pairs shut down", .ids = "UX-2", .arrange = arrange, .verify = verify)
