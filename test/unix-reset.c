// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other end was closed with something unread: the next call fails with ECONNRESET, once, after what it had sent itself was read.
 * A socket without a connection that is shut down reads nothing.
 */
#include "test/crtest-unix.h"

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };

static int empty[2], full, shut[2];

static int reset_end(int type, const char *left)
{
	int pair[2];

	must(socketpair(AF_UNIX, type, 0, pair));
	must(send(pair[0], "unread", 6, 0));
	if (*left)
		must(send(pair[1], left, strlen(left), 0));
	close(pair[1]);
	return pair[0];
}

static void arrange(void)
{
	for (int i = 0; i < 2; i++) {
		empty[i] = reset_end(types[i], "");
		shut[i] = must(socket(AF_UNIX, types[i], 0));
		must(shutdown(shut[i], SHUT_RDWR));
	}
	full = reset_end(SOCK_STREAM, "still here");
}

static void verify(void)
{
	char b[16];

	for (int i = 0; i < 2; i++) {
		check_fails(recv(empty[i], b, sizeof(b), 0), ECONNRESET);
		check_eq(recv(empty[i], b, sizeof(b), 0), 0);
		check_fails(recv(shut[i], b, sizeof(b), 0), i ? ENOTCONN : EINVAL);
	}
	check_eq(recv(full, b, 10, 0), 10);
	check_mem(b, "still here", 10);
	check_fails(recv(full, b, sizeof(b), 0), ECONNRESET);
	check_eq(recv(full, b, sizeof(b), 0), 0);
}

CRTEST(.about = "unix connections that were reset", .ids = "UX-3 UX-28", .arrange = arrange, .verify = verify)
