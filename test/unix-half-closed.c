// SPDX-License-Identifier: GPL-2.0-only
/* A pair of which one end was closed with data under way: the data, then the end of file. Sockets that never had a peer. */
#include <sys/socket.h>
#include <sys/un.h>

#include "test/crtest.h"

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
static int rest[3], single;

static void arrange(void)
{
	for (int i = 0; i < 3; i++) {
		int pair[2];

		must(socketpair(AF_UNIX, types[i], 0, pair));
		must(send(pair[0], "last", 4, 0));
		close(pair[0]);
		rest[i] = pair[1];
	}
	single = must(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void verify(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "name" };
	char buf[16];

	for (int i = 0; i < 3; i++) {
		check_eq(recv(rest[i], buf, sizeof(buf), MSG_DONTWAIT), 4);
		check_mem(buf, "last", 4);
	}
	check_eq(recv(rest[0], buf, sizeof(buf), MSG_DONTWAIT), 0);
	check_fails(send(rest[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	check_eq(recv(rest[1], buf, sizeof(buf), MSG_DONTWAIT), 0);
	check_fails(send(rest[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	check_fails(recv(rest[2], buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	check_fails(send(rest[2], "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
	check_eq(bind(single, (struct sockaddr *)&a, sizeof(a)), 0);
	check_eq(listen(single, 1), 0);
}

CRTEST(.about = "half-closed pairs", .ids = "UX-3 UX-8", .arrange = arrange, .verify = verify)
