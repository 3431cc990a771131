// SPDX-License-Identifier: GPL-2.0-only
/* Packets that wait at raw and ping sockets are a reason to refuse: only the first one could be looked at. They stay. */
#include <linux/icmp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int ping, raw;

static void arrange(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct icmphdr echo = { .type = ICMP_ECHO };
	int range = must(open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY));

	must(write(range, "0 2147483647", 12));
	close(range);
	raw = must(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	ping = must(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
	must(sendto(ping, &echo, sizeof(echo), 0, (void *)&to, sizeof(to)));
	for (int i = 0; i < 2; i++) {
		struct pollfd p = { i ? raw : ping, POLLIN, 0 };

		must(poll(&p, 1, 10000));
	}
}

static void verify(void)
{
	char b[64];

	check_eq(recv(ping, b, sizeof(b), MSG_DONTWAIT), sizeof(struct icmphdr));
	check_eq(b[0], ICMP_ECHOREPLY);
	check_eq(recv(raw, b, sizeof(b), MSG_DONTWAIT), 20 + sizeof(struct icmphdr));
}

CRTEST(.about = "packets at raw and ping sockets", .ids = "IN-5 IN-6", .root = true, .arrange = arrange,
       .verify = verify, .refused = "fd 4 is a raw or ping socket with packets that wait|fd 5 is a raw or ping socket")
