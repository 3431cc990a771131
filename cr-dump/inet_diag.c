// SPDX-License-Identifier: GPL-2.0-only
/* What only sock_diag(7) tells of IP sockets: that a UDP socket is shut down for writing. */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "cr-dump/inet.h"

struct taker {
	const InetSkEntry *sk;
	int how;
};

static void take(void *arg, const void *msg, size_t len)
{
	struct taker *t = arg;
	const struct inet_diag_msg *m = msg;
	const struct rtattr *a = (const struct rtattr *)(m + 1);
	int left = len - sizeof(*m);

	if (m->idiag_inode != t->sk->ino)
		return;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == INET_DIAG_SHUTDOWN)
			t->how = *(uint8_t *)RTA_DATA(a);
}

int inet_diag_shutdown(const InetSkEntry *r, int *how, struct err *e)
{
	struct inet_diag_req_v2 req = { .sdiag_family = r->family, .sdiag_protocol = r->proto, .idiag_states = ~0u };
	struct taker t = { r, *how };

	/* A socket that was never bound is in no list. */
	if ((r->proto != IPPROTO_UDP && r->proto != IPPROTO_UDPLITE) || r->type != SOCK_DGRAM || !r->src_port)
		return 0;
	/* The ports narrow the search. */
	req.id.idiag_sport = htons(r->src_port);
	req.id.idiag_dport = htons(r->dst_port);
	if (sk_diag("udp", &req, sizeof(req), take, &t, e)) {
		if (e->errnum != ENOENT)
			return -1;
		*e = (struct err){ 0 };
	}
	*how = t.how;
	return 0;
}
