// SPDX-License-Identifier: GPL-2.0-only
/* Messages of the kernel that the program has not read are a reason to refuse; it reads them afterwards. */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int answered, listing;

static void ask(int fd, int flags)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} m = { { sizeof(m), RTM_GETLINK, NLM_F_REQUEST | flags, 7, 0 }, { .ifi_index = flags ? 0 : 1 } };

	must(send(fd, &m, sizeof(m), 0));
}

static void arrange(void)
{
	answered = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	ask(answered, 0);
	listing = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	ask(listing, NLM_F_DUMP);
}

static void verify(void)
{
	char b[8192];
	struct nlmsghdr *h = (void *)b;

	check(recv(answered, b, sizeof(b), MSG_DONTWAIT) > 0);
	check_eq(h->nlmsg_type, RTM_NEWLINK);
	for (int n = 0; h->nlmsg_type != NLMSG_DONE; n++) {
		check(recv(listing, b, sizeof(b), MSG_DONTWAIT) > 0);
		check(n || h->nlmsg_type == RTM_NEWLINK);
	}
}

CRTEST(.about = "netlink messages that are not read yet", .ids = "NL-4", .arrange = arrange, .verify = verify,
       .refused = "fd 4 is a netlink socket with messages that are not read yet|fd 5 is a netlink socket with messages")
