// SPDX-License-Identifier: GPL-2.0-only
/* UDP sockets of IPv4 and IPv6, bound and not, talk to each other with the right addresses. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int bound[2], unbound[2];
static struct sockaddr_in6 addresses[2]; /* large enough for both families */
static socklen_t lengths[2];

static void arrange(void)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };

	for (int i = 0; i < 2; i++) {
		bound[i] = must(socket(i ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
		unbound[i] = must(socket(i ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
		/* Port 0: the kernel chose one, which must be the same afterwards. */
		must(bind(bound[i], i ? (void *)&v6 : (void *)&v4, i ? sizeof(v6) : sizeof(v4)));
		lengths[i] = sizeof(addresses[i]);
		must(getsockname(bound[i], (void *)&addresses[i], &lengths[i]));
	}
}

static void verify(void)
{
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in6 from;
		socklen_t len = sizeof(from);
		char buf[16];

		check_eq(sendto(unbound[i], "question", 8, 0, (void *)&addresses[i], lengths[i]), 8);
		check_eq(recvfrom(bound[i], buf, 16, 0, (void *)&from, &len), 8);
		check_eq(sendto(bound[i], "answer", 6, 0, (void *)&from, len), 6);
		len = sizeof(from);
		check_eq(recvfrom(unbound[i], buf, 16, 0, (void *)&from, &len), 6);
		check_eq(len, lengths[i]);
		check_mem(&from, &addresses[i], i ? 24 : 8);
	}
}

CRTEST(.about = "unconnected UDP sockets", .ids = "IN-1", .arrange = arrange, .verify = verify)
