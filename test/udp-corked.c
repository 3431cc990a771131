// SPDX-License-Identifier: GPL-2.0-only
/* A UDP socket with data that are not sent yet, by UDP_CORK or by MSG_MORE, is refused, and they are still sent afterwards. */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int corked[2], receiver;

static void arrange(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int one = 1;

	receiver = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(bind(receiver, (void *)&a, sizeof(a)));
	must(getsockname(receiver, (void *)&a, &len));
	for (int i = 0; i < 2; i++) {
		corked[i] = must(socket(AF_INET, SOCK_DGRAM, 0));
		must(connect(corked[i], (void *)&a, sizeof(a)));
		if (!i)
			must(setsockopt(corked[i], IPPROTO_UDP, UDP_CORK, &one, sizeof(one)));
		must(send(corked[i], "half ", 5, i ? MSG_MORE : 0));
	}
}

static void verify(void)
{
	int zero = 0;
	char b[16];

	check_eq(send(corked[0], "a packet", 8, 0), 8);
	check_eq(setsockopt(corked[0], IPPROTO_UDP, UDP_CORK, &zero, sizeof(zero)), 0);
	check_eq(send(corked[1], "a packet", 8, 0), 8);
	for (int i = 0; i < 2; i++) {
		check_eq(recv(receiver, b, sizeof(b), 0), 13);
		check_mem(b, "half a packet", 13);
	}
}

CRTEST(.about = "packets that are not sent yet", .ids = "IN-4", .arrange = arrange, .verify = verify,
       .refused = "fd 5 is an IP socket with unsent data|fd 6 is an IP socket with unsent data")
