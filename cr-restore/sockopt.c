// SPDX-License-Identifier: GPL-2.0-only
/* Socket options, as cr-dump/sockopt.c saved them. What a fresh socket has already is not set: that may need a privilege. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "cr-restore/files.h"

int sockopt_set(int fd, int level, int name, int value, const char *what, struct err *e)
{
	int now;

	if (!sockopt_int(fd, level, name, &now) && now == value)
		return 0;
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		return err_set(e, errno, "cannot set %s to %d", what, value);
	return 0;
}

/* The kernel doubles what it is given. Beyond the system's limit only with a privilege. */
static int set_buffer(int fd, int force, int name, uint32_t value, const char *what, struct err *e)
{
	int now, half = value / 2;

	if (!sockopt_int(fd, SOL_SOCKET, name, &now) && (uint32_t)now == value)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, force, &half, sizeof(half)) &&
	    setsockopt(fd, SOL_SOCKET, name, &half, sizeof(half)))
		return err_set(e, errno, "cannot set %s to %u", what, value);
	return 0;
}

static int set_time(int fd, int name, uint64_t sec, uint64_t usec, const char *what, struct err *e)
{
	struct timeval tv = { sec, usec };

	if (!sec && !usec)
		return 0;
	return setsockopt(fd, SOL_SOCKET, name, &tv, sizeof(tv)) ? err_set(e, errno, "cannot set %s", what) : 0;
}

static int set_filter(int fd, const SkOptsEntry *o)
{
	_cleanup_free_ struct sock_filter *insns = calloc(o->n_so_filter, sizeof(*insns));
	struct sock_fprog filter = { o->n_so_filter, insns };

	for (size_t i = 0; insns && i < o->n_so_filter; i++) {
		uint64_t x = o->so_filter[i];

		insns[i] = (struct sock_filter){ x >> 48, x >> 40, x >> 32, x };
	}
	return insns ? setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) : -1;
}

/* Some follow from others, and could not be set to what they are. */
static bool has_other(int fd, const SkOptionEntry *s)
{
	uint8_t now[256] = { 0 };
	socklen_t len = sizeof(now);

	return !getsockopt(fd, s->level, s->name, now, &len) && len == s->value.len && !memcmp(now, s->value.data, len);
}

static int set_rest(int fd, const SkOptsEntry *o, struct err *e)
{
	struct linger linger = { 1, o->so_linger };

	if (set_time(fd, SO_SNDTIMEO, o->so_snd_tmo_sec, o->so_snd_tmo_usec, "SO_SNDTIMEO", e) ||
	    set_time(fd, SO_RCVTIMEO, o->so_rcv_tmo_sec, o->so_rcv_tmo_usec, "SO_RCVTIMEO", e))
		return -1;
	if (o->has_so_linger && setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		return err_set(e, errno, "cannot set SO_LINGER");
	if (o->n_so_filter && set_filter(fd, o))
		return err_set(e, errno, "cannot attach its filter of %zu instructions", o->n_so_filter);
	for (size_t i = 0; i < o->n_other; i++) {
		const SkOptionEntry *s = o->other[i];

		if (!has_other(fd, s) && setsockopt(fd, s->level, s->name, s->value.data, s->value.len))
			return err_set(e, errno, "cannot set its option %u of level %u", s->name, s->level);
	}
	/* Since Linux 4.10 the owner of a socket is what fchown(2) says. */
	if (o->has_so_uid && o->so_uid && fchown(fd, o->so_uid, -1))
		return err_set(e, errno, "cannot give it to user %u", o->so_uid);
	return 0;
}

int sockopt_bind_device(int fd, const SkOptsEntry *o, struct err *e)
{
	char now[16] = "";
	socklen_t len = sizeof(now);

	if (!o->so_bound_dev ||
	    (!getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, now, &len) && !strcmp(now, o->so_bound_dev)))
		return 0;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->so_bound_dev, strlen(o->so_bound_dev) + 1))
		return err_set(e, errno, "cannot bind it to the device %s", o->so_bound_dev);
	return 0;
}

int sockopt_restore(int fd, int family, const SkOptsEntry *o, struct err *e)
{
	if (sockopt_bind_device(fd, o, e))
		return -1;
	if (set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, o->so_sndbuf, "SO_SNDBUF", e) ||
	    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, o->so_rcvbuf, "SO_RCVBUF", e))
		return -1;
	/* Setting a size has switched off the automatic growth of buffers. */
	if (o->has_so_buf_lock && sockopt_set(fd, SOL_SOCKET, SO_BUF_LOCK, o->so_buf_lock, "SO_BUF_LOCK", e))
		return -1;
#define SOCK_OPT(option, field, always, who)                                             \
	if (o->has_##field && sockopt_set(fd, SOL_SOCKET, option, o->field, #option, e)) \
		return -1;
#include "libimg/sockopts.def"
	return set_rest(fd, o, e);
}

static int restore_raw(int fd, const InetSkEntry *sk, const IpOptsRawEntry *raw, struct err *e)
{
	bool v4 = sk->family == AF_INET;
	size_t want = v4 ? 1 : sizeof(struct icmp6_filter) / sizeof(uint32_t);

	if (raw->has_hdrincl &&
	    sockopt_set(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_HDRINCL : IPV6_HDRINCL, raw->hdrincl, "IP_HDRINCL", e))
		return -1;
	if (v4 && raw->has_nodefrag && sockopt_set(fd, SOL_IP, IP_NODEFRAG, raw->nodefrag, "IP_NODEFRAG", e))
		return -1;
	if (sk->type != SOCK_RAW || sk->proto != (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) || raw->n_icmpv_filter != want)
		return 0;
	if (setsockopt(fd, v4 ? SOL_RAW : SOL_ICMPV6, v4 ? ICMP_FILTER : ICMP6_FILTER, raw->icmpv_filter,
		       want * sizeof(uint32_t)))
		return err_set(e, errno, "cannot set its filter of ICMP messages");
	return 0;
}

/* Older images have these among the options of all sockets. */
static int restore_old_keepalive(int fd, const SkOptsEntry *o, struct err *e)
{
	if ((o->has_tcp_keepcnt && sockopt_set(fd, SOL_TCP, TCP_KEEPCNT, o->tcp_keepcnt, "TCP_KEEPCNT", e)) ||
	    (o->has_tcp_keepidle && sockopt_set(fd, SOL_TCP, TCP_KEEPIDLE, o->tcp_keepidle, "TCP_KEEPIDLE", e)) ||
	    (o->has_tcp_keepintvl && sockopt_set(fd, SOL_TCP, TCP_KEEPINTVL, o->tcp_keepintvl, "TCP_KEEPINTVL", e)))
		return -1;
	return 0;
}

int sockopt_restore_ip(int fd, const InetSkEntry *sk, struct err *e)
{
	const IpOptsEntry *ip = sk->ip_opts;
	const TcpOptsEntry *tcp = sk->tcp_opts;

	if (sk->type == SOCK_STREAM && sk->proto == IPPROTO_TCP && restore_old_keepalive(fd, sk->opts, e))
		return -1;

#define IP_OPT(option, field, always)                                                                                 \
	if (ip && sk->family == AF_INET && ip->has_##field && sockopt_set(fd, SOL_IP, option, ip->field, #option, e)) \
		return -1;
#define IP6_OPT(option, field, always)                                \
	if (ip && sk->family == AF_INET6 && ip->has_##field &&        \
	    sockopt_set(fd, SOL_IPV6, option, ip->field, #option, e)) \
		return -1;
#define TCP_OPT(option, field, always)                                                        \
	if (tcp && sk->type == SOCK_STREAM && sk->proto == IPPROTO_TCP && tcp->has_##field && \
	    sockopt_set(fd, SOL_TCP, option, tcp->field, #option, e))                         \
		return -1;
#include "libimg/sockopts.def"
	return ip && ip->raw ? restore_raw(fd, sk, ip->raw, e) : 0;
}
