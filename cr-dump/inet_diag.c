// SPDX-License-Identifier: GPL-2.0-only
/* What only sock_diag(7) tells of IP sockets: that a UDP socket is shut down for writing. */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-dump/inet.h"

static int ask(int fd, const InetSkEntry *r, struct err *e)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 req;
	} m = {
		.h = { sizeof(m), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 },
		.req = { .sdiag_family = r->family, .sdiag_protocol = r->proto, .idiag_states = ~0u },
	};

	/* The ports narrow the search. */
	m.req.id.idiag_sport = htons(r->src_port);
	m.req.id.idiag_dport = htons(r->dst_port);
	if (send(fd, &m, sizeof(m), 0) != sizeof(m))
		return err_set(e, errno, "cannot ask the kernel for its UDP sockets (sock_diag)");
	return 0;
}

/* Returns 1 at the end of the list. */
static int take(const InetSkEntry *r, const struct nlmsghdr *h, size_t len, int *how)
{
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		const struct inet_diag_msg *m = NLMSG_DATA(h);
		const struct rtattr *a = (const struct rtattr *)(m + 1);
		int left;

		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
			return 1;
		if (m->idiag_inode != r->ino)
			continue;
		for (left = NLMSG_PAYLOAD(h, sizeof(*m)); RTA_OK(a, left); a = RTA_NEXT(a, left))
			if (a->rta_type == INET_DIAG_SHUTDOWN)
				*how = *(uint8_t *)RTA_DATA(a);
	}
	return 0;
}

int inet_diag_shutdown(const InetSkEntry *r, int *how, struct err *e)
{
	_cleanup_close_ int fd = -1;
	union {
		struct nlmsghdr h;
		char bytes[32768];
	} buf;

	/* A socket that was never bound is in no list. */
	if ((r->proto != IPPROTO_UDP && r->proto != IPPROTO_UDPLITE) || r->type != SOCK_DGRAM || !r->src_port)
		return 0;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return err_set(e, errno, "cannot open a sock_diag socket");
	if (ask(fd, r, e))
		return -1;
	for (;;) {
		ssize_t n = recv(fd, &buf, sizeof(buf), 0);

		if (n <= 0)
			return err_set(e, n < 0 ? errno : 0, "the kernel does not list its UDP sockets (sock_diag)");
		if (take(r, &buf.h, n, how))
			return 0;
	}
}
