// SPDX-License-Identifier: GPL-2.0-only
/* What waits to be accepted and cannot be had again: connections that have sent data, or are closed. */
#include "test/crtest-unix.h"

static int server[3], client[3];

static void arrange(void)
{
	char one = 1;

	for (int i = 0; i < 3; i++) {
		server[i] = unix_server(SOCK_STREAM, i ? i == 1 ? "@one" : "@two" : "zero");
		client[i] = unix_client(SOCK_STREAM, i ? i == 1 ? "@one" : "@two" : "zero");
	}
	must(write(client[0], &one, 1));
	close(client[1]);
	must(write(client[2], &one, 1));
	close(client[2]);
}

static void verify(void)
{
	for (int i = 0; i < 3; i++) {
		int fd = accept(server[i], NULL, NULL);
		char b = 0;

		check(fd >= 0);
		check_eq(recv(fd, &b, 1, MSG_DONTWAIT), i != 1);
		check_eq(b, i != 1);
	}
}

CRTEST(.about = "connections that cannot be saved", .ids = "UX-17", .arrange = arrange, .verify = verify,
       .refused = "waits that has sent data already|waits that is closed already")
