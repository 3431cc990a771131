// SPDX-License-Identifier: GPL-2.0-only
/* Options that few programs use, and multicast groups with and without sources. */
#include <arpa/inet.h>
#include <linux/net_tstamp.h>
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
	OPTION(0, SOCK_STREAM, IPPROTO_TCP, TCP_USER_TIMEOUT, 12345),
	OPTION(0, SOCK_STREAM, IPPROTO_TCP, TCP_SYNCNT, 3),
	OPTION(0, SOCK_STREAM, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4096),
	OPTION(0, SOCK_STREAM, IPPROTO_TCP, TCP_WINDOW_CLAMP, 8192),
	OPTION(0, SOCK_STREAM, IPPROTO_IP, IP_TRANSPARENT, 1),
	OPTION(0, SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_TTL, 7),
	OPTION(0, SOCK_DGRAM, IPPROTO_IP, IP_RECVFRAGSIZE, 1),
	OPTION(1, SOCK_DGRAM, IPPROTO_IPV6, IPV6_TCLASS, 0x20),
	OPTION(1, SOCK_DGRAM, IPPROTO_IPV6, IPV6_RECVTCLASS, 1),
	OPTION(1, SOCK_DGRAM, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 9),
	OPTION(0, SOCK_DGRAM, SOL_SOCKET, SO_BUSY_POLL, 50),
	OPTION(0, SOCK_DGRAM, SOL_SOCKET, SO_INCOMING_CPU, 1),
	OPTION(0, SOCK_DGRAM, SOL_SOCKET, SO_TIMESTAMPNS, 1),
	OPTION(0, SOCK_DGRAM, SOL_SOCKET, SO_RXQ_OVFL, 1),
	OPTION(0, SOCK_DGRAM, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE),
};

#define OPTIONS (sizeof(options) / sizeof(*options))

static int fds[OPTIONS], fastopen, congestion, txtime, headers, extended, member[2], sources;
static struct sockaddr_in to_member = { .sin_family = AF_INET };

static void join(int fd, int level, const void *group, size_t size)
{
	struct group_req r = { .gr_interface = 1 };

	memcpy(&r.gr_group, group, size);
	must(setsockopt(fd, level, MCAST_JOIN_GROUP, &r, sizeof(r)));
}

static void arrange_groups(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET }, g = { .sin_family = AF_INET };
	struct sockaddr_in6 g6 = { .sin6_family = AF_INET6 };
	struct group_source_req s = { .gsr_interface = 1 };
	socklen_t len = sizeof(any);
	char source[] = { 127, 0, 0, 9 };

	g.sin_addr.s_addr = inet_addr("239.1.2.3");
	inet_pton(AF_INET6, "ff05::1234", &g6.sin6_addr);
	member[0] = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(bind(member[0], (void *)&any, sizeof(any)));
	must(getsockname(member[0], (void *)&any, &len));
	to_member.sin_port = any.sin_port;
	to_member.sin_addr = g.sin_addr;
	join(member[0], IPPROTO_IP, &g, sizeof(g));
	member[1] = must(socket(AF_INET6, SOCK_DGRAM, 0));
	join(member[1], IPPROTO_IPV6, &g6, sizeof(g6));
	sources = must(socket(AF_INET, SOCK_DGRAM, 0));
	g.sin_addr.s_addr = inet_addr("232.1.2.4");
	memcpy(&s.gsr_group, &g, sizeof(g));
	memcpy(&g.sin_addr, source, 4);
	memcpy(&s.gsr_source, &g, sizeof(g));
	must(setsockopt(sources, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, &s, sizeof(s)));
}

static const char hop_options[8] = { 0, 0, 1, 4 }, own_key[16] = "a key of its own";

/* Extension headers, and what cookies of TCP_FASTOPEN are made with. */
static void arrange_long(void)
{
	extended = must(socket(AF_INET6, SOCK_DGRAM, 0));
	must(setsockopt(extended, IPPROTO_IPV6, IPV6_HOPOPTS, hop_options, sizeof(hop_options)));
	must(setsockopt(extended, IPPROTO_IPV6, IPV6_DSTOPTS, hop_options, sizeof(hop_options)));
	must(setsockopt(fastopen, IPPROTO_TCP, TCP_FASTOPEN_KEY, own_key, sizeof(own_key)));
}

static void arrange(void)
{
	struct {
		int clockid;
		uint32_t flags;
	} tx = { CLOCK_MONOTONIC, 1 };
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char route[] = { 7, 7, 4, 0, 0, 0, 0, 1 };
	int five = 5;

	for (size_t i = 0; i < OPTIONS; i++) {
		fds[i] = must(socket(options[i].v6 ? AF_INET6 : AF_INET, options[i].type, 0));
		if (setsockopt(fds[i], options[i].level, options[i].name, &options[i].value, sizeof(int)))
			crtest_broken(__FILE__, __LINE__, options[i].text);
	}
	fastopen = must(socket(AF_INET, SOCK_STREAM, 0));
	must(bind(fastopen, (void *)&any, sizeof(any)));
	must(listen(fastopen, 4));
	must(setsockopt(fastopen, IPPROTO_TCP, TCP_FASTOPEN, &five, sizeof(five)));
	congestion = must(socket(AF_INET, SOCK_STREAM, 0));
	must(setsockopt(congestion, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	txtime = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(setsockopt(txtime, SOL_SOCKET, SO_TXTIME, &tx, sizeof(tx)));
	headers = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(setsockopt(headers, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)));
	arrange_long();
	arrange_groups();
}

static int is_member(int fd, int level, const void *group, size_t size, int mode, unsigned int nr)
{
	char buf[GROUP_FILTER_SIZE(4)] = { 0 };
	struct group_filter *f = (void *)buf;
	socklen_t len = sizeof(buf);

	f->gf_interface = 1;
	f->gf_numsrc = 4;
	memcpy(&f->gf_group, group, size);
	check_eq(getsockopt(fd, level, MCAST_MSFILTER, f, &len), 0);
	check_eq(f->gf_fmode, mode);
	check_eq(f->gf_numsrc, nr);
	return 1;
}

static void verify_groups(void)
{
	struct sockaddr_in g = { .sin_family = AF_INET };
	struct sockaddr_in6 g6 = { .sin6_family = AF_INET6 };
	struct in_addr loopback = { htonl(INADDR_LOOPBACK) };
	int sender = must(socket(AF_INET, SOCK_DGRAM, 0));
	char b[8];

	inet_pton(AF_INET6, "ff05::1234", &g6.sin6_addr);
	is_member(member[0], IPPROTO_IP, &to_member, sizeof(g), MCAST_EXCLUDE, 0);
	is_member(member[1], IPPROTO_IPV6, &g6, sizeof(g6), MCAST_EXCLUDE, 0);
	g.sin_addr.s_addr = inet_addr("232.1.2.4");
	is_member(sources, IPPROTO_IP, &g, sizeof(g), MCAST_INCLUDE, 1);
	check_eq(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof(loopback)), 0);
	check_eq(sendto(sender, "all", 3, 0, (void *)&to_member, sizeof(to_member)), 3);
	check_eq(recv(member[0], b, 8, 0), 3);
	close(sender);
}

#define check_value(fd, level, option, want)                             \
	({                                                               \
		char got_[64] = "";                                      \
		socklen_t len_ = sizeof(got_);                           \
		check_eq(getsockopt(fd, level, option, got_, &len_), 0); \
		check_eq(len_, sizeof(want));                            \
		check_mem(got_, want, sizeof(want));                     \
	})

static void verify(void)
{
	char name[16] = "";
	socklen_t len = sizeof(name);
	int v[3] = { 0 };

	for (size_t i = 0; i < OPTIONS; i++) {
		len = sizeof(int);
		check_eq(getsockopt(fds[i], options[i].level, options[i].name, v, &len), 0);
		if (v[0] != options[i].value)
			crtest_failed(__FILE__, __LINE__, "%s is %d, not %d", options[i].text, v[0], options[i].value);
	}
	len = sizeof(v);
	check_eq(getsockopt(fastopen, IPPROTO_TCP, TCP_FASTOPEN, v, &len), 0);
	check_eq(v[0], 5);
	len = sizeof(name);
	check_eq(getsockopt(congestion, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
	check_str(name, "reno");
	len = sizeof(v);
	check_eq(getsockopt(txtime, SOL_SOCKET, SO_TXTIME, v, &len), 0);
	check_eq(v[0], CLOCK_MONOTONIC);
	check_eq(v[1], 1);
	len = sizeof(name);
	check_eq(getsockopt(headers, IPPROTO_IP, IP_OPTIONS, name, &len), 0);
	check_eq(len, 8);
	check_eq(name[0], 7);
	check_value(extended, IPPROTO_IPV6, IPV6_HOPOPTS, hop_options);
	check_value(extended, IPPROTO_IPV6, IPV6_DSTOPTS, hop_options);
	check_value(fastopen, IPPROTO_TCP, TCP_FASTOPEN_KEY, own_key);
	verify_groups();
}

CRTEST(.about = "rare options of IP sockets", .ids = "SO-1", .arrange = arrange, .verify = verify, .root = true)
