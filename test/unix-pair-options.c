// SPDX-License-Identifier: GPL-2.0-only
/* Options of a socket pair: buffers, time limits, passing of credentials, who the peer was. */
#include <sys/socket.h>
#include <sys/time.h>

#include "test/crtest.h"

static int pair[2];
static const int options[] = { SO_SNDBUF, SO_RCVBUF, SO_PASSCRED, SO_PASSSEC, SO_PRIORITY, SO_RCVLOWAT };

#define OPTIONS (sizeof(options) / sizeof(*options))

static int values[OPTIONS];

static int get(int option)
{
	socklen_t len = sizeof(int);
	int v = -1;

	check_eq(getsockopt(pair[0], SOL_SOCKET, option, &v, &len), 0);
	return v;
}

static void arrange(void)
{
	static const int wanted[OPTIONS] = { 40000, 50000, 1, 1, 3, 5 };
	struct timeval t = { .tv_sec = 7, .tv_usec = 500000 };

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	for (size_t i = 0; i < OPTIONS; i++) {
		must(setsockopt(pair[0], SOL_SOCKET, options[i], &wanted[i], sizeof(int)));
		values[i] = get(options[i]);
	}
	must(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
}

static void verify(void)
{
	struct timeval t = { 0 };
	struct ucred peer = { 0 };
	socklen_t len = sizeof(t);

	for (size_t i = 0; i < OPTIONS; i++)
		check_eq(get(options[i]), values[i]);
	check_eq(getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, &len), 0);
	check_eq(t.tv_sec, 7);
	check_eq(t.tv_usec, 500000);
	len = sizeof(peer);
	check_eq(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &len), 0);
	check_eq(peer.uid, getuid());
	check_eq(peer.gid, getgid());
}

CRTEST(.about = "options of socket pairs", .ids = "SO-1", .arrange = arrange, .verify = verify)
