// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets in the queue of a UDP socket, with where they came from, read by MSG_PEEK; SO_PEEK_OFF moves it on and is put back. To
 * where they were sent is noted when the program asked for it (IP_PKTINFO), else nobody will know. Lost are when
 * they came, through which device, and what else control messages tell.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-dump/inet.h"
#include "sk-packet.pb-c.h"

#define PACKET_MAX 65536

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static void take_control(struct dump_ctx *ctx, struct msghdr *m, SkPacketEntry *p)
{
	union address to = { 0 };
	size_t len = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO) {
			to.in.sin_family = AF_INET;
			to.in.sin_addr = ((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr;
			len = sizeof(to.in);
		} else if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			to.in6.sin6_family = AF_INET6;
			to.in6.sin6_addr = ((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_addr;
			len = sizeof(to.in6);
		}
	}
	p->has_to = len;
	p->to.len = len;
	p->to.data = len ? pool_copy(&ctx->pool, &to, len) : NULL;
}

/* 1: a packet, 0: the end of the queue. */
static int peek(struct dump_ctx *ctx, struct open_file *of, int fd, int at, uint8_t *buf, ssize_t *len_ret,
		struct err *e)
{
	union address from;
	char control[4096];
	struct iovec iov = { buf, PACKET_MAX };
	struct msghdr m = { &from, sizeof(from), &iov, 1, control, sizeof(control), 0 };
	SkPacketEntry *p;

	if (setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &at, sizeof(at)))
		return err_set(e, errno, "cannot set SO_PEEK_OFF");
	*len_ret = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT);
	if (*len_ret < 0)
		return errno == EAGAIN ? 0 : err_set(e, errno, "cannot look into its queue");
	if (!m.msg_namelen)
		return 0; /* the end after a shutdown */
	p = POOL_MSG(&ctx->pool, SkPacketEntry, sk_packet_entry);
	p->id_for = of->id;
	p->length = *len_ret;
	p->has_from = true;
	p->from.len = m.msg_namelen;
	p->from.data = pool_copy(&ctx->pool, &from, m.msg_namelen);
	take_control(ctx, &m, p);
	files_add_packet(ctx, p, pool_copy(&ctx->pool, buf, *len_ret));
	return 1;
}

static int save_packets(struct dump_ctx *ctx, struct open_file *of, int fd, InetSkEntry *r, struct err *e)
{
	_cleanup_free_ uint8_t *buf = malloc(PACKET_MAX);
	ssize_t len;
	int at = 0, got;

	if (!buf)
		return err_nomem(e, "the queue of a socket");
	while ((got = peek(ctx, of, fd, at, buf, &len, e)) > 0) {
		at += len;
		r->has_queued = true;
		r->queued++;
	}
	return got;
}

int inet_queue_save(struct dump_ctx *ctx, struct open_file *of, int fd, InetSkEntry *r, struct err *e)
{
	const uint8_t *to = (const uint8_t *)r->src_addr;
	int before, ret;

	if (r->type != SOCK_DGRAM || r->proto == IPPROTO_ICMP || r->proto == IPPROTO_ICMPV6) {
		refuse_file(ctx, of, NULL,
			    "is a raw or ping socket with packets that wait to be read: not supported by this version");
		return 0;
	}
	if (r->family == AF_INET ? *to >= 224 : *to == 0xff) {
		refuse_file(
			ctx, of, NULL,
			"is a UDP socket with packets for a multicast group that wait to be read: not supported by this version");
		return 0;
	}
	if (sockopt_int(fd, SOL_SOCKET, SO_PEEK_OFF, &before))
		return err_set(e, errno, "cannot read SO_PEEK_OFF");
	ret = save_packets(ctx, of, fd, r, e);
	if (setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &before, sizeof(before)) && !ret)
		return err_set(e, errno, "cannot put SO_PEEK_OFF back");
	return ret;
}
