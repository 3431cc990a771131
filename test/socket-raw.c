// SPDX-License-Identifier: GPL-2.0-only
/* Raw sockets of every protocol number that the kernel allows, in both families, with their filters and headers. */
#include <arpa/inet.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "test/crtest.h"

#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif

#define PROTOCOLS 263 /* IPPROTO_MAX of new kernels */

static int all[2][PROTOCOLS], count, own_header, header6, udp, icmp, icmp6;

static void arrange(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct icmp_filter filter = { 1 << 5 };
	struct icmp6_filter filter6;
	int one = 1;

	for (int i = 0; i < PROTOCOLS; i++)
		for (int six = 0; six < 2; six++) {
			all[six][i] = socket(six ? AF_INET6 : AF_INET, SOCK_RAW, i);
			count += all[six][i] >= 0;
		}
	if (count < 2 * 255)
		crtest_broken(__FILE__, __LINE__, "sockets of all protocols");
	header6 = must(socket(AF_INET6, SOCK_RAW, IPPROTO_UDP));
	must(setsockopt(header6, IPPROTO_IPV6, IPV6_HDRINCL, &one, sizeof(one)));
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
	struct sockaddr_in name;
	struct icmp6_filter filter6;
	struct icmp_filter filter;
	socklen_t len = sizeof(filter);
	int on = 0;

	for (int i = 0; i < PROTOCOLS; i++)
		for (int six = 0; six < 2; six++) {
			int proto = 0;
			socklen_t size = sizeof(proto);

			if (all[six][i] < 0)
				continue;
			check_eq(getsockopt(all[six][i], SOL_SOCKET, SO_PROTOCOL, &proto, &size), 0);
			check_eq(proto, i);
		}
	verify_header();
	check_eq(getsockopt(header6, IPPROTO_IPV6, IPV6_HDRINCL, &on, &len), 0);
	check_eq(on, 1);
	len = sizeof(name);
	check_eq(getsockname(own_header, (void *)&name, &len), 0);
	check_eq(ntohl(name.sin_addr.s_addr), INADDR_LOOPBACK);
	len = sizeof(filter);
	check_eq(getsockopt(icmp, SOL_RAW, ICMP_FILTER, &filter, &len), 0);
	check_eq(filter.data, 1 << 5);
	len = sizeof(filter6);
	check_eq(getsockopt(icmp6, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, &len), 0);
	check(ICMP6_FILTER_WILLBLOCK(13, &filter6) && ICMP6_FILTER_WILLPASS(12, &filter6));
}

CRTEST(.about = "raw sockets", .ids = "IN-6", .arrange = arrange, .verify = verify, .root = true)
