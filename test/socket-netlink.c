// SPDX-License-Identifier: GPL-2.0-only
/* Netlink sockets: by port, in groups (also above 32), connected to both, unbound; options. Messages go their ways. */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "test/crtest.h"

#define GROUP 32u /* as a mask */

static int by_port, by_group, connected, unbound, to_kernel, high, asker;
static uint32_t port;

static struct sockaddr_nl name_of(int fd, bool peer)
{
	struct sockaddr_nl a = { 0 };
	socklen_t len = sizeof(a);

	must(peer ? getpeername(fd, (void *)&a, &len) : getsockname(fd, (void *)&a, &len));
	return a;
}

static int uevent(void)
{
	return must(socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT));
}

static void arrange(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK };
	int one = 1, group = RTNLGRP_NSID + 5, low = RTNLGRP_LINK;

	by_port = uevent();
	must(bind(by_port, (void *)&a, sizeof(a)));
	port = name_of(by_port, false).nl_pid;
	by_group = uevent();
	a.nl_groups = GROUP;
	must(bind(by_group, (void *)&a, sizeof(a)));
	connected = uevent();
	a.nl_pid = port;
	must(connect(connected, (void *)&a, sizeof(a)));
	unbound = uevent();
	to_kernel = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	a = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	must(connect(to_kernel, (void *)&a, sizeof(a)));
	high = must(socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE));
	must(setsockopt(high, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)));
	must(setsockopt(high, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &low, sizeof(low)));
	must(setsockopt(high, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof(one)));
	must(setsockopt(high, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	asker = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	must(setsockopt(asker, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)));
}

static int option(int fd, int level, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	check_eq(getsockopt(fd, level, name, &v, &len), 0);
	return v;
}

static void hear(int fd, const char *text)
{
	char b[64] = "";

	check_eq(recv(fd, b, sizeof(b), MSG_DONTWAIT), strlen(text));
	check_mem(b, text, strlen(text));
}

static void verify_messages(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_pid = port };

	check_eq(send(connected, "to both", 7, 0), 7);
	hear(by_port, "to both");
	hear(by_group, "to both");
	check_eq(sendto(unbound, "by address", 10, 0, (void *)&a, sizeof(a)), 10);
	hear(by_port, "by address");
}

/* The kernel answers. */
static void verify_kernel(int fd)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} ask = { { sizeof(ask), RTM_GETLINK, NLM_F_REQUEST, 7, 0 }, { .ifi_index = 1 } };
	char b[8192];
	struct nlmsghdr *h = (void *)b;

	check_eq(send(fd, &ask, sizeof(ask), 0), sizeof(ask));
	check(recv(fd, b, sizeof(b), 0) > (int)sizeof(*h));
	check_eq(h->nlmsg_type, RTM_NEWLINK);
	check_eq(h->nlmsg_pid, name_of(fd, false).nl_pid);
}

static void verify(void)
{
	uint32_t groups[4] = { 0 };
	socklen_t len = sizeof(groups);

	check_eq(name_of(by_port, false).nl_pid, port);
	check_eq(name_of(by_group, false).nl_groups, GROUP);
	check_eq(name_of(connected, true).nl_pid, port);
	check_eq(name_of(connected, true).nl_groups, GROUP);
	check_eq(name_of(unbound, false).nl_pid, 0);
	verify_messages();
	check_eq(option(by_port, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	check_eq(option(high, SOL_SOCKET, SO_TYPE), SOCK_RAW);
	check_eq(option(high, SOL_NETLINK, NETLINK_NO_ENOBUFS), 1);
	check_eq(option(high, SOL_SOCKET, SO_PASSCRED), 1);
	check_eq(option(asker, SOL_SOCKET, SO_PASSCRED), 0);
	check_eq(option(asker, SOL_NETLINK, NETLINK_EXT_ACK), 1);
	check_eq(getsockopt(high, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups, &len), 0);
	check_eq(groups[0], 1u << (RTNLGRP_LINK - 1));
	check_eq(groups[1], 1u << (RTNLGRP_NSID + 5 - 33));
	check_eq(name_of(high, false).nl_pid, 0);
	check(fcntl(high, F_GETFL) & O_NONBLOCK);
	/* Nobody but the kernel may send to one that is connected to it. */
	check_fails(sendto(asker, "x", 1, 0,
			   (void *)&(struct sockaddr_nl){ AF_NETLINK, 0, name_of(to_kernel, false).nl_pid, 0 },
			   sizeof(struct sockaddr_nl)),
		    ECONNREFUSED);
	verify_kernel(to_kernel);
	verify_kernel(asker);
}

CRTEST(.about = "netlink sockets", .ids = "NL-4", .arrange = arrange, .verify = verify, .root = true)
