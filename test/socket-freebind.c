// SPDX-License-Identifier: GPL-2.0-only
/* Sockets bound to addresses that are not there, by IP_FREEBIND: with the option still on, and cleared after the bind. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

#define SORTS 4 /* IPv4 and IPv6, UDP and TCP */

static int fds[SORTS][2];
static struct sockaddr_in6 names[SORTS][2];

static int level(int sort)
{
	return sort & 1 ? IPPROTO_IPV6 : IPPROTO_IP;
}

static int option(int sort)
{
	return sort & 1 ? IPV6_FREEBIND : IP_FREEBIND;
}

static void arrange(void)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr("203.0.113.7") };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	int on = 1, off = 0;

	inet_pton(AF_INET6, "2001:db8::17", &v6.sin6_addr);
	for (int i = 0; i < SORTS; i++)
		for (int cleared = 0; cleared < 2; cleared++) {
			bool six = i & 1;
			int fd = must(socket(six ? AF_INET6 : AF_INET, i < 2 ? SOCK_DGRAM : SOCK_STREAM, 0));
			socklen_t len = sizeof(names[0][0]);

			must(setsockopt(fd, level(i), option(i), &on, sizeof(on)));
			must(bind(fd, six ? (void *)&v6 : (void *)&v4, six ? sizeof(v6) : sizeof(v4)));
			if (cleared)
				must(setsockopt(fd, level(i), option(i), &off, sizeof(off)));
			must(getsockname(fd, (void *)&names[i][cleared], &len));
			if (i >= 2)
				must(listen(fd, 5));
			fds[i][cleared] = fd;
		}
}

static void verify(void)
{
	for (int i = 0; i < SORTS; i++)
		for (int cleared = 0; cleared < 2; cleared++) {
			struct sockaddr_in6 a;
			socklen_t len = sizeof(a), size = sizeof(int);
			int v = -1;

			check_eq(getsockname(fds[i][cleared], (void *)&a, &len), 0);
			check_mem(&a, &names[i][cleared], len);
			check_eq(getsockopt(fds[i][cleared], level(i), option(i), &v, &size), 0);
			check_eq(v, !cleared);
		}
}

CRTEST(.about = "addresses that are not there", .ids = "SO-6", .arrange = arrange, .verify = verify)
