// SPDX-License-Identifier: GPL-2.0-only
/* Packet sockets of all types: protocol, device, options, memberships that can be dropped, fan-out group, filter; they capture. */
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "test/crtest.h"

#define LO	  1
#define FANOUT_ID 13

static int raw, dgram, fanned[2], old, old_bound, fresh, captured;

static const struct {
	int name, value;
} raw_options[] = {
	{ PACKET_VERSION, TPACKET_V2 }, { PACKET_AUXDATA, 1 },	{ PACKET_LOSS, 1 },
	{ PACKET_TIMESTAMP, 64 },	{ PACKET_VNET_HDR, 1 }, { PACKET_QDISC_BYPASS, 1 },
};

static void membership(int fd, int what, int type, const char *addr)
{
	struct packet_mreq m = { .mr_ifindex = LO, .mr_type = type, .mr_alen = addr ? 6 : 0 };

	memcpy(m.mr_address, addr ? addr : "", m.mr_alen);
	must(setsockopt(fd, SOL_PACKET, what, &m, sizeof(m)));
}

static void bind_ll(int fd, int protocol)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = LO };

	must(bind(fd, (void *)&a, sizeof(a)));
}

static void set(int fd, int name, int value)
{
	must(setsockopt(fd, SOL_PACKET, name, &value, sizeof(value)));
}

static void arrange(void)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog none = { 1, code };
	struct sockaddr spkt = { .sa_family = AF_PACKET, .sa_data = "lo" };

	raw = must(socket(AF_PACKET, SOCK_RAW, 0));
	for (size_t i = 0; i < sizeof(raw_options) / sizeof(*raw_options); i++)
		set(raw, raw_options[i].name, raw_options[i].value);
	for (int i = 0; i < 2; i++)
		membership(raw, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, NULL);
	membership(raw, PACKET_ADD_MEMBERSHIP, PACKET_MR_MULTICAST, "\1\0\x5e\1\2\3");
	dgram = must(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ARP)));
	bind_ll(dgram, ETH_P_IP);
	set(dgram, PACKET_RESERVE, 8);
	set(dgram, PACKET_ORIGDEV, 1);
	membership(dgram, PACKET_ADD_MEMBERSHIP, PACKET_MR_UNICAST, "\0\1\2\3\4\5");
	for (int i = 0; i < 2; i++) {
		fanned[i] = must(socket(AF_PACKET, SOCK_DGRAM, 0));
		bind_ll(fanned[i], ETH_P_IPV6);
		set(fanned[i], PACKET_FANOUT, FANOUT_ID | PACKET_FANOUT_LB << 16 | PACKET_FANOUT_FLAG_DEFRAG << 16);
	}
	old = must(socket(AF_PACKET, SOCK_PACKET, htons(ETH_P_ARP)));
	old_bound = must(socket(AF_PACKET, SOCK_PACKET, htons(ETH_P_ARP)));
	must(bind(old_bound, &spkt, sizeof(spkt)));
	fresh = must(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_LOOP)));
	must(setsockopt(fresh, SOL_SOCKET, SO_ATTACH_FILTER, &none, sizeof(none)));
	captured = must(socket(AF_INET, SOCK_DGRAM, 0));
}

static int get(int fd, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	check_eq(getsockopt(fd, SOL_PACKET, name, &v, &len), 0);
	return v;
}

/* By how many the loopback device is made promiscuous. */
static int promiscuous(void)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} ask = { { sizeof(ask), RTM_GETLINK, NLM_F_REQUEST, 7, 0 }, { .ifi_index = LO } };
	int fd = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)), left, ret = -1;
	char b[16384];
	struct nlmsghdr *h = (void *)b;
	struct rtattr *a = (void *)(b + NLMSG_SPACE(sizeof(ask.m)));

	must(send(fd, &ask, sizeof(ask), 0));
	must(recv(fd, b, sizeof(b), 0));
	for (left = NLMSG_PAYLOAD(h, sizeof(ask.m)); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_PROMISCUITY)
			ret = *(int *)RTA_DATA(a);
	close(fd);
	return ret;
}

static int has_multicast(void)
{
	char b[4096];

	b[read_file("/proc/net/dev_mcast", b, sizeof(b) - 1)] = '\0';
	return !!strstr(b, "01005e010203");
}

static void verify_memberships(void)
{
	/* This device has no filter of addresses: one more makes it promiscuous. */
	check_eq(promiscuous(), 2);
	membership(dgram, PACKET_DROP_MEMBERSHIP, PACKET_MR_UNICAST, "\0\1\2\3\4\5");
	for (int i = 0; i < 2; i++) {
		check_eq(promiscuous(), 1);
		membership(raw, PACKET_DROP_MEMBERSHIP, PACKET_MR_PROMISC, NULL);
	}
	check_eq(promiscuous(), 0);
	check_eq(has_multicast(), 1);
	membership(raw, PACKET_DROP_MEMBERSHIP, PACKET_MR_MULTICAST, "\1\0\x5e\1\2\3");
	check_eq(has_multicast(), 0);
}

static void verify_name(int fd, int type, int protocol, int device)
{
	struct sockaddr_ll a = { 0 };
	socklen_t len = sizeof(a);
	int v = -1;

	check_eq(getsockname(fd, (void *)&a, &len), 0);
	check_eq(ntohs(a.sll_protocol), protocol);
	check_eq(a.sll_ifindex, device);
	len = sizeof(v);
	check_eq(getsockopt(fd, SOL_SOCKET, SO_TYPE, &v, &len), 0);
	check_eq(v, type);
}

static void verify_old(void)
{
	struct sockaddr a = { 0 };
	socklen_t len = sizeof(a);

	check_eq(getsockname(old, &a, &len), 0);
	check_str(a.sa_data, "");
	len = sizeof(a);
	check_eq(getsockname(old_bound, &a, &len), 0);
	check_str(a.sa_data, "lo");
}

static void verify_capture(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	char b[128];
	struct iphdr *ip = (void *)b;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check_eq(sendto(captured, "seen", 4, 0, (void *)&to, sizeof(to)), 4);
	check_eq(recv(dgram, b, sizeof(b), 0), 20 + 8 + 4);
	check_eq(ip->protocol, IPPROTO_UDP);
	check_mem(b + 28, "seen", 4);
}

static void verify(void)
{
	struct sock_filter code[4];
	socklen_t len = 4;

	verify_name(raw, SOCK_RAW, 0, 0);
	for (size_t i = 0; i < sizeof(raw_options) / sizeof(*raw_options); i++)
		check_eq(get(raw, raw_options[i].name), raw_options[i].value);
	check_eq(get(fresh, PACKET_AUXDATA), 0);
	verify_memberships();
	verify_name(dgram, SOCK_DGRAM, ETH_P_IP, LO);
	check_eq(get(dgram, PACKET_RESERVE), 8);
	check_eq(get(dgram, PACKET_ORIGDEV), 1);
	for (int i = 0; i < 2; i++)
		check_eq((uint32_t)get(fanned[i], PACKET_FANOUT),
			 FANOUT_ID | PACKET_FANOUT_LB << 16 | (uint32_t)PACKET_FANOUT_FLAG_DEFRAG << 16);
	verify_old();
	verify_name(fresh, SOCK_RAW, ETH_P_LOOP, 0);
	check_eq(getsockopt(fresh, SOL_SOCKET, SO_GET_FILTER, code, &len), 0);
	check_eq(len, 1);
	verify_capture();
}

CRTEST(.about = "packet sockets", .ids = "NL-1 NL-3", .arrange = arrange, .verify = verify, .root = true)
