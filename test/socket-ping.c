// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ping sockets, ICMP and ICMPv6: an echo request gets its reply, from the same identifier; timeouts stay. The group that may make such
 * sockets is not root's.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "test/crtest.h"

#define SORTS 4 /* ICMP and ICMPv6; not yet used, and with an identifier */

static int fds[SORTS];
static uint16_t ids[SORTS];

static void name_of(int i, uint16_t *id_ret)
{
	struct sockaddr_in6 a = { 0 };
	socklen_t len = sizeof(a);

	must(getsockname(fds[i], (void *)&a, &len));
	*id_ret = a.sin6_port;
}

static void ask(int i)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	bool six = i & 1;
	struct icmphdr echo = { .type = six ? ICMPV6_ECHO_REQUEST : ICMP_ECHO, .un.echo.sequence = htons(7) };
	uint8_t b[64];

	check_eq(sendto(fds[i], &echo, sizeof(echo), 0, six ? (void *)&v6 : (void *)&v4, six ? sizeof(v6) : sizeof(v4)),
		 sizeof(echo));
	check_eq(recv(fds[i], b, sizeof(b), 0), sizeof(echo));
	check_eq(b[0], six ? ICMPV6_ECHO_REPLY : ICMP_ECHOREPLY);
}

static void arrange(void)
{
	struct timeval second = { 1, 0 };
	int range = must(open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY));

	must(write(range, "58467 58467", 11));
	close(range);
	must(setegid(58467));
	for (int i = 0; i < SORTS; i++) {
		bool six = i & 1;

		fds[i] = must(socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP));
		must(setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)));
		if (i >= 2)
			ask(i);
		name_of(i, &ids[i]);
	}
	must(setegid(0));
	must(prctl(PR_SET_DUMPABLE, 1)); /* which the change of ids has cleared */
}

static void verify(void)
{
	for (int i = 0; i < SORTS; i++) {
		struct timeval t = { 0 };
		socklen_t len = sizeof(t);
		uint16_t id;

		name_of(i, &id);
		check_eq(id, ids[i]);
		check_eq(getsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &t, &len), 0);
		check(t.tv_sec == 1 && t.tv_usec == 0);
		ask(i);
	}
	check(ids[0] == 0 && ids[2] != 0);
}

CRTEST(.about = "ping sockets", .ids = "IN-5", .arrange = arrange, .verify = verify, .root = true)
