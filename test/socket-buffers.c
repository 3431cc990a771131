// SPDX-License-Identifier: GPL-2.0-only
/* SO_BUF_LOCK in all its states: set, implied by SO_SNDBUF and SO_RCVBUF, taken back after these, and left alone. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif

enum { EXPLICIT = 4, SEND = 4, RECEIVE, BOTH, UNLOCKED, CASES };

static const struct {
	int family, type;
} sorts[] = {
	{ AF_INET, SOCK_STREAM },
	{ AF_INET6, SOCK_DGRAM },
	{ AF_UNIX, SOCK_STREAM },
	{ AF_UNIX, SOCK_DGRAM },
};

#define SORTS (sizeof(sorts) / sizeof(*sorts))

static int fds[SORTS][CASES], before[SORTS][CASES][3];

static void get_all(int fd, int v[3])
{
	static const int names[] = { SO_BUF_LOCK, SO_SNDBUF, SO_RCVBUF };

	for (int i = 0; i < 3; i++) {
		socklen_t len = sizeof(int);

		must(getsockopt(fd, SOL_SOCKET, names[i], &v[i], &len));
	}
}

static void set(int fd, int name, int value)
{
	must(setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value)));
}

static void arrange(void)
{
	for (size_t i = 0; i < SORTS; i++)
		for (int j = 0; j < CASES; j++) {
			int fd = fds[i][j] = must(socket(sorts[i].family, sorts[i].type, 0)), v;
			socklen_t len = sizeof(v);

			if (getsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &v, &len))
				skip("this kernel has no SO_BUF_LOCK");
			if (j == SEND || j == BOTH || j == UNLOCKED)
				set(fd, SO_SNDBUF, 16384);
			if (j == RECEIVE || j == BOTH || j == UNLOCKED)
				set(fd, SO_RCVBUF, 16384);
			if (j < EXPLICIT)
				set(fd, SO_BUF_LOCK, j);
			if (j == UNLOCKED)
				set(fd, SO_BUF_LOCK, 0);
			get_all(fd, before[i][j]);
		}
}

static void verify(void)
{
	static const int lock[CASES] = { 0, 1, 2, 3, 1, 2, 3, 0 };

	for (size_t i = 0; i < SORTS; i++)
		for (int j = 0; j < CASES; j++) {
			int now[3];

			get_all(fds[i][j], now);
			check_eq(now[0], lock[j]);
			check_eq(now[1], before[i][j][1]);
			check_eq(now[2], before[i][j][2]);
		}
}

CRTEST(.about = "locked buffer sizes", .ids = "SO-3", .arrange = arrange, .verify = verify, .root = true)
