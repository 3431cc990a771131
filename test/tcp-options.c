// SPDX-License-Identifier: GPL-2.0-only
/* Options of TCP and UDP sockets that are not connected. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "test/crtest.h"

static const struct {
	int v6, type, level, name, value;
	const char *text;
} options[] = {
#define OPTION(v6, type, level, name, value)        \
	{                                           \
		v6, type, level, name, value, #name \
	}
	OPTION(0, SOCK_STREAM, SOL_SOCKET, SO_PRIORITY, 6),
	OPTION(0, SOCK_STREAM, SOL_SOCKET, SO_RCVLOWAT, 9),
	OPTION(0, SOCK_STREAM, SOL_SOCKET, SO_MARK, 77),
	OPTION(0, SOCK_STREAM, SOL_SOCKET, SO_DONTROUTE, 1),
	OPTION(0, SOCK_STREAM, SOL_SOCKET, SO_OOBINLINE, 1),
	OPTION(0, SOCK_STREAM, SOL_SOCKET, SO_KEEPALIVE, 1),
	OPTION(0, SOCK_STREAM, SOL_SOCKET, SO_REUSEPORT, 1),
	OPTION(0, SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY, 1),
	OPTION(1, SOCK_STREAM, IPPROTO_TCP, TCP_CORK, 1),
	OPTION(0, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPCNT, 5),
	OPTION(0, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPIDLE, 10),
	OPTION(1, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPINTVL, 15),
	OPTION(0, SOCK_STREAM, IPPROTO_IP, IP_FREEBIND, 1),
	OPTION(0, SOCK_DGRAM, IPPROTO_IP, IP_TTL, 32),
	OPTION(0, SOCK_DGRAM, IPPROTO_IP, IP_TOS, 8),
	OPTION(0, SOCK_DGRAM, IPPROTO_IP, IP_PKTINFO, 1),
	OPTION(1, SOCK_DGRAM, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1),
	OPTION(0, SOCK_DGRAM, SOL_SOCKET, SO_BROADCAST, 1),
	OPTION(0, SOCK_DGRAM, SOL_SOCKET, SO_NO_CHECK, 1),
};

#define OPTIONS (sizeof(options) / sizeof(*options))

static const struct {
	int level, name, value;
} keepalive[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 5 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 10 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 15 },
};

static int fds[OPTIONS], defaults[OPTIONS], lingering, alive[2];

static int get(int i, int fd)
{
	socklen_t len = sizeof(int);
	int v = -1;

	check_eq(getsockopt(fd, options[i].level, options[i].name, &v, &len), 0);
	return v;
}

/* For each option a socket that has it and one that does not, so that none is set for all. */
static void arrange(void)
{
	struct linger l = { 1, 30 };

	for (size_t i = 0; i < OPTIONS; i++) {
		int family = options[i].v6 ? AF_INET6 : AF_INET;

		fds[i] = must(socket(family, options[i].type, 0));
		defaults[i] = must(socket(family, options[i].type, 0));
		must(setsockopt(fds[i], options[i].level, options[i].name, &options[i].value, sizeof(int)));
	}
	lingering = must(socket(AF_INET, SOCK_STREAM, 0));
	must(setsockopt(lingering, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	for (int six = 0; six < 2; six++) {
		alive[six] = must(socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
		for (int i = 0; i < 4; i++)
			must(setsockopt(alive[six], keepalive[i].level, keepalive[i].name, &keepalive[i].value,
					sizeof(int)));
	}
}

static void verify(void)
{
	struct linger l = { 0 };
	socklen_t len = sizeof(l);

	for (size_t i = 0; i < OPTIONS; i++) {
		int fresh = must(socket(options[i].v6 ? AF_INET6 : AF_INET, options[i].type, 0));

		if (get(i, fds[i]) != options[i].value || get(i, defaults[i]) != get(i, fresh))
			crtest_failed(__FILE__, __LINE__, "%s is %d, not %d; %d where it was not set, not %d",
				      options[i].text, get(i, fds[i]), options[i].value, get(i, defaults[i]),
				      get(i, fresh));
		close(fresh);
	}
	check_eq(getsockopt(lingering, SOL_SOCKET, SO_LINGER, &l, &len), 0);
	check(l.l_onoff == 1 && l.l_linger == 30);
	for (int i = 0; i < 8; i++) {
		int v = -1;

		len = sizeof(v);
		check_eq(getsockopt(alive[i & 1], keepalive[i / 2].level, keepalive[i / 2].name, &v, &len), 0);
		check_eq(v, keepalive[i / 2].value);
	}
}

CRTEST(.about = "options of unconnected sockets", .ids = "SO-1 SO-4 SO-5 SO-7 IN-28", .root = true, .arrange = arrange,
       .verify = verify)
