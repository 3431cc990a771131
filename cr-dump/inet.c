// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4 and IPv6: listening and closed TCP sockets, UDP sockets with what is in their queue, raw and ping sockets. Nothing that is
 * read here changes the socket. Refused: TCP connections (with --tcp-close they are saved as closed), unsent data, pending
 * errors, other protocols.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/sockios.h>

#include "cr-dump/inet.h"

static bool inet_claims(const struct fd_facts *f)
{
	return f->family == AF_INET || f->family == AF_INET6;
}

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static uint32_t *split(struct dump_ctx *ctx, const InetSkEntry *r, const union address *a, uint32_t *port_ret)
{
	uint32_t *addr = pool_alloc(&ctx->pool, 4 * sizeof(*addr));

	if (r->family == AF_INET) {
		*port_ret = ntohs(a->in.sin_port);
		addr[0] = a->in.sin_addr.s_addr;
	} else {
		*port_ret = ntohs(a->in6.sin6_port);
		memcpy(addr, &a->in6.sin6_addr, sizeof(a->in6.sin6_addr));
	}
	return addr;
}

static int save_address(struct dump_ctx *ctx, int fd, InetSkEntry *r, struct err *e)
{
	union address a = { 0 }, peer = { 0 };
	socklen_t len = sizeof(a), peer_len = sizeof(peer);
	char ifname[IF_NAMESIZE];
	uint32_t scope;

	if (getsockname(fd, &a.sa, &len))
		return err_set(e, errno, "cannot read its address");
	if (getpeername(fd, &peer.sa, &peer_len))
		peer = (union address){ 0 };
	r->n_src_addr = r->n_dst_addr = r->family == AF_INET ? 1 : 4;
	r->src_addr = split(ctx, r, &a, &r->src_port);
	r->dst_addr = split(ctx, r, &peer, &r->dst_port);
	scope = r->family == AF_INET6 ? a.in6.sin6_scope_id : 0;
	if (!scope && r->family == AF_INET6)
		scope = peer.in6.sin6_scope_id;
	if (scope && if_indextoname(scope, ifname))
		r->ifname = pool_str(&ctx->pool, ifname);
	return 0;
}

/* Why a socket cannot be saved, and what helps. */
struct obstacle {
	const char *what; /* NULL: it can be */
	const char *hint;
};

/* A connection that has ended leaves a closed socket which is shut down both ways. */
static struct obstacle ended_obstacle(int fd, InetSkEntry *r, short revents)
{
	int unread = 0;

	r->has_shutdown = true;
	r->shutdown = SK_SHUTDOWN__BOTH;
	if (revents & POLLERR)
		return (struct obstacle){ "is a TCP socket whose connection has failed",
					  "--tcp-close saves it closed" };
	if (ioctl(fd, SIOCINQ, &unread) || unread)
		return (struct obstacle){ "is a TCP socket whose connection has ended with data that are not read yet",
					  "--tcp-close drops them" };
	return (struct obstacle){ 0 };
}

static struct obstacle tcp_obstacle(const struct dump_ctx *ctx, int fd, InetSkEntry *r, short revents)
{
	static const struct obstacle none;
	struct tcp_info info = { 0 };
	struct obstacle ended;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len))
		return (struct obstacle){ "is a TCP socket that does not tell its state", NULL };
	r->state = info.tcpi_state;
	if (r->state == TCP_LISTEN) {
		r->backlog = info.tcpi_sacked;
		if (!info.tcpi_unacked || ctx->opts->skip_in_flight)
			return none;
		return (struct obstacle){ "is a listening TCP socket with connections that wait to be accepted",
					  "--skip-in-flight drops them" };
	}
	if (r->state != TCP_CLOSE)
		return ctx->opts->tcp_close ? none :
					      (struct obstacle){ "is a TCP connection", "--tcp-close saves it closed" };
	if (!(revents & (POLLERR | POLLRDHUP)))
		return none;
	ended = ended_obstacle(fd, r, revents);
	return ctx->opts->tcp_close ? none : ended;
}

static bool is_ping(const InetSkEntry *r)
{
	return r->type == SOCK_DGRAM && (r->proto == IPPROTO_ICMP || r->proto == IPPROTO_ICMPV6);
}

/*
 * Data behind UDP_CORK or MSG_MORE. What a network card has not finished with yet counts, too, and is given some time. A ping
 * socket never keeps any.
 */
static bool has_unsent(int fd, const InetSkEntry *r)
{
	static const struct timespec pause = { 0, 1000000 };
	int unsent = 0;

	if (is_ping(r))
		return false;
	for (int i = 0; i < 20; i++) {
		if (ioctl(fd, SIOCOUTQ, &unsent))
			return true;
		if (!unsent)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* UDP, UDP-Lite, raw and ping sockets. */
static struct obstacle datagram_obstacle(int fd, InetSkEntry *r, short revents)
{
	union address peer;
	socklen_t len = sizeof(peer);

	r->state = getpeername(fd, &peer.sa, &len) ? TCP_CLOSE : TCP_ESTABLISHED;
	if (revents & POLLERR)
		return (struct obstacle){ "is an IP socket with a pending error", NULL };
	if (has_unsent(fd, r))
		return (struct obstacle){ "is an IP socket with unsent data", NULL };
	return (struct obstacle){ 0 };
}

static struct obstacle obstacle(const struct dump_ctx *ctx, int fd, InetSkEntry *r, short revents)
{
	if (r->type == SOCK_STREAM && r->proto == IPPROTO_TCP)
		return tcp_obstacle(ctx, fd, r, revents);
	if (r->type == SOCK_RAW || is_ping(r) ||
	    (r->type == SOCK_DGRAM && (r->proto == IPPROTO_UDP || r->proto == IPPROTO_UDPLITE)))
		return datagram_obstacle(fd, r, revents);
	return (struct obstacle){ "is an IP socket that is neither TCP nor UDP", NULL };
}

/* Only the netlink interface tells whether it is shut down for writing. */
static int save_shutdown(InetSkEntry *r, short revents, struct err *e)
{
	int how = (revents & POLLHUP ? 3 : revents & POLLRDHUP ? 1 : 0);

	if (inet_diag_shutdown(r, &how, e))
		return -1;
	r->has_shutdown = how;
	r->shutdown = how;
	return 0;
}

/* Not what the program wanted, but what came of it with that peer. */
static void forget_connection(SkOptsEntry *o)
{
	static const struct {
		uint32_t level, name;
	} results[] = {
		{ SOL_TCP, TCP_MAXSEG },     { SOL_TCP, TCP_WINDOW_CLAMP },	{ SOL_IP, IP_MULTICAST_TTL },
		{ SOL_IP, IP_MULTICAST_IF }, { SOL_IPV6, IPV6_MULTICAST_HOPS }, { SOL_IPV6, IPV6_MULTICAST_IF },
		{ SOL_TCP, TCP_QUICKACK },
	};
	size_t kept = 0;

	for (size_t i = 0; i < o->n_other; i++) {
		bool is_result = false;

		for (size_t j = 0; j < ARRAY_SIZE(results); j++)
			is_result |= o->other[i]->level == results[j].level && o->other[i]->name == results[j].name;
		if (!is_result)
			o->other[kept++] = o->other[i];
	}
	o->n_other = kept;
}

static int inet_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	InetSkEntry *r = POOL_MSG(&ctx->pool, InetSkEntry, inet_sk_entry);
	struct pollfd pfd = { f->fd, POLLIN | POLLRDHUP, 0 };
	int type, proto, v6only = 0;
	struct obstacle why;

	r->id = of->id;
	r->ino = f->ino;
	r->family = f->family;
	r->flags = f->flags;
	r->fown = f->fown;
	if (sockopt_int(f->fd, SOL_SOCKET, SO_TYPE, &type) || sockopt_int(f->fd, SOL_SOCKET, SO_PROTOCOL, &proto))
		return err_set(e, errno, "cannot read its type");
	r->type = type;
	r->proto = proto;
	poll(&pfd, 1, 0);
	why = obstacle(ctx, f->fd, r, pfd.revents);
	if (why.what) {
		refuse_file(ctx, of, why.hint, "%s: not supported by this version", why.what);
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
	if (r->type == SOCK_STREAM) {
		if (r->state != TCP_LISTEN && (r->state != TCP_CLOSE || r->has_shutdown))
			forget_connection(r->opts);
		return 0;
	}
	if (save_shutdown(r, pfd.revents, e))
		return -1;
	return pfd.revents & POLLIN ? inet_queue_save(ctx, of, f->fd, r, e) : 0;
}

const struct dump_kind dump_inet = {
	.name = "IP socket",
	.type = FD_TYPES__INETSK,
	.claims = inet_claims,
	.save = inet_save,
};
