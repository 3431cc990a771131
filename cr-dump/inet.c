// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4 and IPv6: listening and closed TCP sockets, UDP sockets without a peer. Everything is read by getsockopt(2), poll(2) and
 * getsockname(2), none of which changes the socket. Refused: connections, what waits in queues, other protocols.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>

#include "cr-dump/files.h"

static bool inet_claims(const struct fd_facts *f)
{
	return f->family == AF_INET || f->family == AF_INET6;
}

static int save_address(struct dump_ctx *ctx, int fd, InetSkEntry *r, struct err *e)
{
	union {
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} a = { 0 };
	socklen_t len = sizeof(a);
	char ifname[IF_NAMESIZE];

	if (getsockname(fd, (struct sockaddr *)&a, &len))
		return err_set(e, errno, "cannot read its address");
	r->n_src_addr = r->n_dst_addr = r->family == AF_INET ? 1 : 4;
	r->src_addr = pool_alloc(&ctx->pool, 4 * sizeof(*r->src_addr));
	r->dst_addr = pool_alloc(&ctx->pool, 4 * sizeof(*r->dst_addr));
	if (r->family == AF_INET) {
		r->src_port = ntohs(a.in.sin_port);
		r->src_addr[0] = a.in.sin_addr.s_addr;
		return 0;
	}
	r->src_port = ntohs(a.in6.sin6_port);
	memcpy(r->src_addr, &a.in6.sin6_addr, sizeof(a.in6.sin6_addr));
	if (a.in6.sin6_scope_id && if_indextoname(a.in6.sin6_scope_id, ifname))
		r->ifname = pool_str(&ctx->pool, ifname);
	return 0;
}

/* What a socket of this sort must not be; NULL when it can be saved. */
static const char *tcp_obstacle(int fd, InetSkEntry *r, short revents)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len))
		return "is a TCP socket that does not tell its state";
	r->state = info.tcpi_state;
	if (r->state == TCP_LISTEN) {
		r->backlog = info.tcpi_sacked;
		return info.tcpi_unacked ? "is a listening TCP socket with connections that wait to be accepted" : NULL;
	}
	if (r->state != TCP_CLOSE)
		return "is a TCP connection";
	if (revents & (POLLERR | POLLRDHUP))
		return "is a TCP socket whose connection has ended or failed";
	return NULL;
}

static const char *udp_obstacle(int fd, InetSkEntry *r, short revents)
{
	struct sockaddr_in6 peer;
	socklen_t len = sizeof(peer);
	int unsent = 0;

	r->state = TCP_CLOSE;
	if (!getpeername(fd, (struct sockaddr *)&peer, &len))
		return "is a UDP socket with a peer (connected)";
	if (revents & (POLLRDHUP | POLLHUP))
		return "is a UDP socket that was shut down";
	if (revents & POLLERR)
		return "is a UDP socket with a pending error";
	if (revents & POLLIN)
		return "is a UDP socket with packets that wait to be read";
	if (ioctl(fd, SIOCOUTQ, &unsent) || unsent)
		return "is a UDP socket with unsent data";
	return NULL;
}

static const char *obstacle(int fd, InetSkEntry *r, struct err *e)
{
	struct pollfd pfd = { fd, POLLIN | POLLRDHUP, 0 };

	poll(&pfd, 1, 0);
	if (r->type == SOCK_STREAM && r->proto == IPPROTO_TCP)
		return tcp_obstacle(fd, r, pfd.revents);
	if (r->type == SOCK_DGRAM && r->proto == IPPROTO_UDP)
		return udp_obstacle(fd, r, pfd.revents);
	if (r->type == SOCK_RAW)
		return "is a raw IP socket";
	return "is an IP socket that is neither TCP nor UDP";
}

static int inet_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	InetSkEntry *r = POOL_MSG(&ctx->pool, InetSkEntry, inet_sk_entry);
	int type, proto, v6only = 0;
	const char *why;

	r->id = of->id;
	r->ino = f->ino;
	r->family = f->family;
	r->flags = f->flags;
	r->fown = f->fown;
	if (sockopt_int(f->fd, SOL_SOCKET, SO_TYPE, &type) || sockopt_int(f->fd, SOL_SOCKET, SO_PROTOCOL, &proto))
		return err_set(e, errno, "cannot read its type");
	r->type = type;
	r->proto = proto;
	why = obstacle(f->fd, r, e);
	if (why) {
		refuse_file(ctx, of, NULL, "%s: not supported by this version", why);
		return 0;
	}
	if (r->family == AF_INET6 && sockopt_int(f->fd, SOL_IPV6, IPV6_V6ONLY, &v6only))
		return err_set(e, errno, "cannot read IPV6_V6ONLY");
	r->has_v6only = r->family == AF_INET6;
	r->v6only = v6only;
	r->has_ns_id = true;
	r->ns_id = NET_NS_ID;
	if (save_address(ctx, f->fd, r, e) || sockopt_save(ctx, of, f->fd, f->family, &r->opts, e) ||
	    sockopt_save_ip(ctx, f->fd, f->family, r, e))
		return -1;
	r->opts->has_so_uid = true;
	r->opts->so_uid = f->st.st_uid;
	of->entry->isk = r;
	return 0;
}

const struct dump_kind dump_inet = {
	.name = "IP socket",
	.type = FD_TYPES__INETSK,
	.claims = inet_claims,
	.save = inet_save,
};
