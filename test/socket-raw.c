// SPDX-License-Identifier: GPL-2.0-only
/* Raw sockets of many protocols, with their filters and headers; ping sockets: echo requests are answered. */
#include <arpa/inet.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "test/crtest.h"

#define PROTOCOLS 64

static int all[2][PROTOCOLS], own_header, udp, icmp, icmp6, ping;

static void arrange(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct icmp_filter filter = { 1 << 5 };
	struct icmp6_filter filter6;
	struct timeval second = { 1, 0 };
	int one = 1;

	for (int i = 0; i < PROTOCOLS; i++)
		for (int six = 0; six < 2; six++)
			all[six][i] = socket(six ? AF_INET6 : AF_INET, SOCK_RAW, i ? i : IPPROTO_RAW);
	own_header = must(socket(AF_INET, SOCK_RAW, IPPROTO_UDP));
	must(setsockopt(own_header, IPPROTO_IP, IP_HDRINCL, &one, sizeof(one)));
	must(bind(own_header, (void *)&a, sizeof(a)));
	udp = must(socket(AF_INET, SOCK_DGRAM, 0));
	a.sin_port = htons(40123);
	must(bind(udp, (void *)&a, sizeof(a)));
	icmp = must(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	must(setsockopt(icmp, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter)));
	icmp6 = must(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
	ICMP6_FILTER_SETPASSALL(&filter6);
	ICMP6_FILTER_SETBLOCK(13, &filter6);
	must(setsockopt(icmp6, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, sizeof(filter6)));
	ping = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	if (ping >= 0)
		must(setsockopt(ping, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)));
}

static void verify_header(void)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char text[4];
	} p = { 0 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char b[8];

	p.ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 9, .protocol = IPPROTO_UDP };
	p.ip.tot_len = htons(sizeof(p));
	p.ip.daddr = p.ip.saddr = htonl(INADDR_LOOPBACK);
	p.udp.dest = htons(40123);
	p.udp.len = htons(sizeof(p.udp) + 4);
	memcpy(p.text, "made", 4);
	check_eq(sendto(own_header, &p, sizeof(p), 0, (void *)&to, sizeof(to)), sizeof(p));
	check_eq(recv(udp, b, 8, 0), 4);
	check_mem(b, "made", 4);
}

static void verify(void)
{
	struct icmphdr echo = { .type = ICMP_ECHO };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct icmp6_filter filter6;
	struct icmp_filter filter;
	socklen_t len = sizeof(filter);
	char b[64];

	for (int i = 0; i < PROTOCOLS; i++)
		for (int six = 0; six < 2; six++) {
			int proto = 0;
			socklen_t size = sizeof(proto);

			if (all[six][i] < 0)
				continue;
			check_eq(getsockopt(all[six][i], SOL_SOCKET, SO_PROTOCOL, &proto, &size), 0);
			check_eq(proto, i ? i : IPPROTO_RAW);
		}
	verify_header();
	check_eq(getsockopt(icmp, SOL_RAW, ICMP_FILTER, &filter, &len), 0);
	check_eq(filter.data, 1 << 5);
	len = sizeof(filter6);
	check_eq(getsockopt(icmp6, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, &len), 0);
	check(ICMP6_FILTER_WILLBLOCK(13, &filter6) && ICMP6_FILTER_WILLPASS(12, &filter6));
	if (ping < 0)
		return;
	check_eq(sendto(ping, &echo, sizeof(echo), 0, (void *)&to, sizeof(to)), sizeof(echo));
	check_eq(recv(ping, b, sizeof(b), 0), sizeof(echo));
	check_eq(b[0], ICMP_ECHOREPLY);
}

CRTEST(.about = "raw and ping sockets", .ids = "IN-5 IN-6 SO-4", .arrange = arrange, .verify = verify, .root = true)
