// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4 and IPv6: listening and closed TCP sockets, UDP, raw and ping sockets, with what was queued on UDP sockets. Sockets that
 * have one port together are made together: each must let the others bind, whatever its options were later. With --tcp-close
 * connections become closed sockets.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/open_socket.h"
#include "cr-restore/inet.h"

struct inets {
	struct ofile **socks; /* by type and port */
	size_t nr;
};

static int compare(const InetSkEntry *x, const InetSkEntry *y)
{
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return x->src_port < y->src_port ? -1 : x->src_port > y->src_port;
}

static int by_port(const void *a, const void *b)
{
	const struct ofile *x = *(struct ofile **)a, *y = *(struct ofile **)b;
	int c = compare(x->entry->isk, y->entry->isk);

	return c ? c : x->id < y->id ? -1 : x->id > y->id;
}

static int inet_load(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;
	struct inets *s = pool_alloc(&ctx->pool, sizeof(*s));

	fs->kind[RESTORE_KIND_inet] = s;
	for (size_t i = 0; i < fs->nr; i++)
		if (fs->list[i].entry->isk)
			*POOL_PUSH(&ctx->pool, s->socks, s->nr) = &fs->list[i];
	if (s->nr)
		qsort(s->socks, s->nr, sizeof(*s->socks), by_port);
	return 0;
}

/* --- binding ------------------------------------------------------------------------------------------------ */

static socklen_t address_of(const InetSkEntry *r, uint32_t port, const uint32_t *addr, union address *a)
{
	memset(a, 0, sizeof(*a));
	a->sa.sa_family = r->family;
	if (r->family == AF_INET) {
		a->in.sin_port = htons(port);
		a->in.sin_addr.s_addr = addr[0];
		return sizeof(a->in);
	}
	a->in6.sin6_port = htons(port);
	memcpy(&a->in6.sin6_addr, addr, sizeof(a->in6.sin6_addr));
	a->in6.sin6_scope_id = r->ifname ? if_nametoindex(r->ifname) : 0;
	return sizeof(a->in6);
}

static bool is_bound(const InetSkEntry *r)
{
	for (size_t i = 0; i < r->n_src_addr; i++)
		if (r->src_addr[i])
			return true;
	return r->src_port;
}

/* A connection that has ended, or is given up. */
static bool is_closed(const struct restore_ctx *ctx, const InetSkEntry *r)
{
	if (r->type != SOCK_STREAM || r->state == TCP_LISTEN)
		return false;
	if (r->state == TCP_CLOSE && !r->dst_port)
		return r->has_shutdown && r->shutdown;
	return ctx->tcp_close;
}

/* The end of a connection may linger on that port, or it is the one that its server listens on: TCP_REPAIR has no qualms. */
static int bind_closed(int fd, const union address *a, socklen_t len)
{
	int on = 1, off = -1, ret;

	if (setsockopt(fd, SOL_TCP, TCP_REPAIR, &on, sizeof(on)))
		return -1;
	ret = bind(fd, &a->sa, len);
	return setsockopt(fd, SOL_TCP, TCP_REPAIR, &off, sizeof(off)) ||
	       setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) || ret;
}

/*
 * The address may have gone from this machine since; the socket gets it all the same, as it would have kept it. TCP sockets of
 * the dumped tree may linger in TIME_WAIT: SO_REUSEADDR.
 */
static int bind_to(const struct restore_ctx *ctx, int fd, const InetSkEntry *r, bool share, struct err *e)
{
	int freebind = r->family == AF_INET ? IP_FREEBIND : IPV6_FREEBIND,
	    level = r->family == AF_INET ? SOL_IP : SOL_IPV6;
	union address a;
	socklen_t len = address_of(r, r->src_port, r->src_addr, &a);

	if (r->has_v6only && sockopt_set(fd, SOL_IPV6, IPV6_V6ONLY, r->v6only, "IPV6_V6ONLY", e))
		return -1;
	if (sockopt_bind_device(fd, r->opts, e))
		return -1;
	if (!is_bound(r))
		return 0;
	if (r->ip_opts && r->ip_opts->has_freebind &&
	    sockopt_set(fd, level, freebind, r->ip_opts->freebind, "IP_FREEBIND", e))
		return -1;
	if (sockopt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR", e) ||
	    (share && sockopt_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT", e)) ||
	    (!r->src_port && sockopt_set(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1, "IP_BIND_ADDRESS_NO_PORT", e)))
		return -1;
	if (is_closed(ctx, r) && !bind_closed(fd, &a, len))
		return 0;
	if (!bind(fd, &a.sa, len))
		return 0;
	if (errno == EADDRNOTAVAIL) {
		log_warn("the address of a socket with port %u is not one of this machine", r->src_port);
		if (sockopt_set(fd, level, freebind, 1, "IP_FREEBIND", e))
			return -1;
		if (!bind(fd, &a.sa, len))
			return sockopt_set(fd, level, freebind, 0, "IP_FREEBIND", e);
	}
	if (errno == EADDRINUSE && is_closed(ctx, r)) {
		log_warn("a closed TCP socket loses its port %u, which is taken", r->src_port);
		return 0;
	}
	return err_set(e, errno, "cannot bind it to port %u", r->src_port);
}

/* --- plan --------------------------------------------------------------------------------------------------- */

static const char *obstacle(const struct restore_ctx *ctx, const InetSkEntry *r)
{
	if (r->family != AF_INET && r->family != AF_INET6)
		return "a socket of an unknown family";
	if (r->n_src_addr != (r->family == AF_INET ? 1 : 4) || (r->dst_port && r->n_dst_addr != r->n_src_addr))
		return "a socket with an impossible address";
	if (r->type == SOCK_DGRAM || r->type == SOCK_RAW)
		return NULL;
	if (r->type != SOCK_STREAM || r->proto != IPPROTO_TCP)
		return "an IP socket that is neither TCP nor UDP";
	if (r->state == TCP_LISTEN || (r->state == TCP_CLOSE && !r->dst_port) || is_closed(ctx, r))
		return NULL;
	return "a TCP connection";
}

static int inet_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const InetSkEntry *r = f->isk;
	const char *why = obstacle(ctx, r);
	struct err trouble = { 0 };
	_cleanup_close_ int fd = -1;

	if (why) {
		problem(ctx, r->type == SOCK_STREAM ? "--tcp-close restores connections closed" : NULL,
			"socket %u (port %u) is %s, which this version cannot restore", r->ino, r->src_port, why);
		return 0;
	}
	inet_queue_check(ctx, r);
	fd = open_socket(r->family, r->type, r->proto);
	if (fd < 0) {
		problem(ctx, NULL, "no %s socket can be created: %s", r->family == AF_INET ? "IPv4" : "IPv6",
			strerror(errno));
		return 0;
	}
	if (bind_to(ctx, fd, r, r->opts->has_so_reuseport && r->opts->so_reuseport, &trouble)) {
		char text[512];

		err_text(&trouble, text, sizeof(text));
		problem(ctx,
			trouble.errnum == EADDRINUSE ? "another program has that port; ss -lntup shows which" : NULL,
			"%s socket %u: %s", r->type == SOCK_STREAM ? "TCP" : "UDP", r->ino, text);
	}
	return 0;
}

/* --- making ------------------------------------------------------------------------------------------------- */

static int open_one(struct restore_ctx *ctx, const struct ofile *of, bool share, struct err *e)
{
	const InetSkEntry *r = of->entry->isk;
	_cleanup_close_ int fd = socket_labelled(of->label, r->family, r->type | SOCK_CLOEXEC, r->proto);

	if (fd < 0)
		return err_set(e, errno, "cannot create a socket");
	if (bind_to(ctx, fd, r, share, e))
		return -1;
	files_put(ctx, of->id, take_fd(fd));
	return 0;
}

static bool is_connected(const InetSkEntry *r)
{
	for (size_t i = 0; i < r->n_dst_addr; i++)
		if (r->dst_addr[i])
			return true;
	return r->dst_port;
}

/* The peer of a datagram socket, then what is shut down. */
static int connect_one(const struct restore_ctx *ctx, int fd, const InetSkEntry *r, struct err *e)
{
	static const int how[] = { -1, SHUT_RD, SHUT_WR, SHUT_RDWR };
	union address a;
	socklen_t len;
	SkShutdown shut;

	if (r->type == SOCK_STREAM && !is_closed(ctx, r))
		return 0;
	if (r->type != SOCK_STREAM && is_connected(r)) {
		len = address_of(r, r->dst_port, r->dst_addr, &a);
		if (connect(fd, &a.sa, len))
			return err_set(e, errno, "cannot connect it to port %u again", r->dst_port);
	}
	shut = r->type == SOCK_STREAM ? SK_SHUTDOWN__BOTH : r->has_shutdown ? r->shutdown : SK_SHUTDOWN__NONE;
	if (shut < SK_SHUTDOWN__READ || shut > SK_SHUTDOWN__BOTH)
		return 0;
	/* One without a peer is shut down, too, though the call fails. */
	return shutdown(fd, how[shut]) && errno != ENOTCONN ? err_set(e, errno, "cannot shut it down") : 0;
}

/* While all sockets of the port still let others have it, too. */
static int listen_one(const struct ofile *of, struct err *e)
{
	const InetSkEntry *r = of->entry->isk;

	if (r->state == TCP_LISTEN && r->type == SOCK_STREAM && listen(of->fd, r->backlog))
		return err_set(e, errno, "cannot listen on port %u", r->src_port);
	return 0;
}

static int finish_one(struct restore_ctx *ctx, const struct ofile *of, struct err *e)
{
	const InetSkEntry *r = of->entry->isk;

	if (sockopt_restore_ip(of->fd, r, e) || inet_queue_fill(ctx, r, of->fd, e) || connect_one(ctx, of->fd, r, e) ||
	    sockopt_restore(of->fd, r->family, r->opts, e))
		return -1;
	return file_set_flags(of->fd, r->flags, e);
}

static int inet_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const struct inets *s = ctx->files->kind[RESTORE_KIND_inet];
	size_t first = 0, end;
	bool share = false;

	while (s->socks[first]->id != f->id && (!f->isk->src_port || compare(s->socks[first]->entry->isk, f->isk)))
		first++;
	for (end = first + 1; f->isk->src_port && end < s->nr && !compare(s->socks[end]->entry->isk, f->isk);)
		end++;
	for (size_t i = first; i < end; i++)
		share |= s->socks[i]->entry->isk->opts->has_so_reuseport && s->socks[i]->entry->isk->opts->so_reuseport;
	for (size_t i = first; i < end; i++)
		if (open_one(ctx, s->socks[i], share, e))
			return -1;
	for (size_t i = first; i < end; i++)
		if (listen_one(s->socks[i], e))
			return -1;
	for (size_t i = first; i < end; i++)
		if (finish_one(ctx, s->socks[i], e))
			return -1;
	*fd_ret = files_find(ctx, f->id)->fd;
	return 0;
}

const struct restore_kind restore_inet = {
	.name = "IP socket",
	.type = FD_TYPES__INETSK,
	.load = inet_load,
	.check = inet_check,
	.make = inet_make,
};
