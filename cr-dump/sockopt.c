// SPDX-License-Identifier: GPL-2.0-only
/*
 * Socket options. Those that the images have a field for are in libimg/sockopts.def; every other one that differs from what a
 * fresh socket of the same sort has goes into sk_opts_entry.other. What cannot be read back (programs that choose in a
 * reuseport group, keys of TCP_MD5SIG and TCP_AO) is lost.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/open_socket.h"
#include "cr-dump/files.h"

enum family { ANY, LOCAL };

/* Order matters where one option limits another: a locked filter comes last. */
static const struct {
	int level, name;
} others[] = {
	{ SOL_SOCKET, SO_DEBUG },
	{ SOL_SOCKET, SO_TIMESTAMP },
	{ SOL_SOCKET, SO_TIMESTAMPNS },
	{ SOL_SOCKET, SO_TIMESTAMPING },
	{ SOL_SOCKET, SO_TIMESTAMP_NEW }, /* behind the old ones: which of both it is goes for all three */
	{ SOL_SOCKET, SO_TIMESTAMPNS_NEW },
	{ SOL_SOCKET, SO_TIMESTAMPING_NEW },
	{ SOL_SOCKET, SO_PASSPIDFD },
	{ SOL_SOCKET, SO_PASSRIGHTS },
	{ SOL_SOCKET, SO_RCVPRIORITY },
	{ SOL_SOCKET, SO_WIFI_STATUS },
	{ SOL_SOCKET, SO_TXREHASH },
	{ SOL_SOCKET, SO_RESERVE_MEM },
	{ SOL_SOCKET, SO_RCVMARK },
	{ SOL_SOCKET, SO_RXQ_OVFL },
	{ SOL_SOCKET, SO_PEEK_OFF },
	{ SOL_SOCKET, SO_NOFCS },
	{ SOL_SOCKET, SO_SELECT_ERR_QUEUE },
	{ SOL_SOCKET, SO_BUSY_POLL },
	{ SOL_SOCKET, SO_PREFER_BUSY_POLL },
	{ SOL_SOCKET, SO_BUSY_POLL_BUDGET },
	{ SOL_SOCKET, SO_TXTIME },
	{ SOL_SOCKET, SO_INCOMING_CPU },
	{ SOL_SOCKET, SO_MAX_PACING_RATE },
	{ SOL_SOCKET, SO_ZEROCOPY },
	{ SOL_IP, IP_TTL },
	{ SOL_IP, IP_TOS },
	{ SOL_IP, IP_PKTINFO },
	{ SOL_IP, IP_RECVTTL },
	{ SOL_IP, IP_RECVTOS },
	{ SOL_IP, IP_RECVOPTS },
	{ SOL_IP, IP_RETOPTS },
	{ SOL_IP, IP_PASSSEC },
	{ SOL_IP, IP_RECVORIGDSTADDR },
	{ SOL_IP, IP_RECVERR },
	{ SOL_IP, IP_RECVERR_RFC4884 },
	{ SOL_IP, IP_ROUTER_ALERT },
	{ SOL_IP, IP_MULTICAST_LOOP },
	{ SOL_IP, IP_MULTICAST_ALL },
	{ SOL_IP, IP_MULTICAST_TTL },
	{ SOL_IP, IP_MULTICAST_IF },
	{ SOL_IP, IP_TRANSPARENT },
	{ SOL_IP, IP_BIND_ADDRESS_NO_PORT },
	{ SOL_IP, IP_MINTTL },
	{ SOL_IP, IP_MTU_DISCOVER },
	{ SOL_IP, IP_UNICAST_IF },
	{ SOL_IP, IP_LOCAL_PORT_RANGE },
	{ SOL_IP, IP_OPTIONS },
	{ SOL_IP, IP_RECVFRAGSIZE },
	{ SOL_IP, IP_CHECKSUM },
	{ SOL_IPV6, IPV6_RECVHOPLIMIT },
	{ SOL_IPV6, IPV6_RECVTCLASS },
	{ SOL_IPV6, IPV6_TCLASS },
	{ SOL_IPV6, IPV6_TRANSPARENT },
	{ SOL_IPV6, IPV6_RECVORIGDSTADDR },
	{ SOL_IPV6, IPV6_RECVERR },
	{ SOL_IPV6, IPV6_RECVERR_RFC4884 },
	{ SOL_IPV6, IPV6_ROUTER_ALERT },
	{ SOL_IPV6, IPV6_ROUTER_ALERT_ISOLATE },
	{ SOL_IPV6, IPV6_RECVPATHMTU },
	{ SOL_IPV6, IPV6_UNICAST_HOPS },
	{ SOL_IPV6, IPV6_MULTICAST_HOPS },
	{ SOL_IPV6, IPV6_MULTICAST_LOOP },
	{ SOL_IPV6, IPV6_MULTICAST_IF },
	{ SOL_IPV6, IPV6_MULTICAST_ALL },
	{ SOL_IPV6, IPV6_MTU_DISCOVER },
	{ SOL_IPV6, IPV6_MINHOPCOUNT },
	{ SOL_IPV6, IPV6_DONTFRAG },
	{ SOL_IPV6, IPV6_UNICAST_IF },
	{ SOL_IPV6, IPV6_RECVFRAGSIZE },
	{ SOL_IPV6, IPV6_RECVHOPOPTS },
	{ SOL_IPV6, IPV6_RECVRTHDR },
	{ SOL_IPV6, IPV6_RECVDSTOPTS },
	{ SOL_IPV6, IPV6_ADDR_PREFERENCES },
	{ SOL_RAW, IPV6_CHECKSUM }, /* SOL_IPV6 does not take it for ICMPv6 */
	{ SOL_IPV6, IPV6_AUTOFLOWLABEL },
	{ SOL_IPV6, IPV6_FLOWINFO },
	{ SOL_IPV6, IPV6_FLOWINFO_SEND },
	{ SOL_IPV6, IPV6_HOPOPTS },
	{ SOL_IPV6, IPV6_RTHDR },
	{ SOL_IPV6, IPV6_RTHDRDSTOPTS }, /* not without IPV6_RTHDR */
	{ SOL_IPV6, IPV6_DSTOPTS },
	{ SOL_IPV6, IPV6_2292PKTINFO },
	{ SOL_IPV6, IPV6_2292HOPLIMIT },
	{ SOL_IPV6, IPV6_2292HOPOPTS },
	{ SOL_IPV6, IPV6_2292DSTOPTS },
	{ SOL_IPV6, IPV6_2292RTHDR },
	{ SOL_TCP, TCP_MAXSEG },
	{ SOL_TCP, TCP_SYNCNT },
	{ SOL_TCP, TCP_LINGER2 },
	{ SOL_TCP, TCP_DEFER_ACCEPT },
	{ SOL_TCP, TCP_CONGESTION },
	{ SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS },
	{ SOL_TCP, TCP_USER_TIMEOUT },
	{ SOL_TCP, TCP_FASTOPEN },
	{ SOL_TCP, TCP_FASTOPEN_CONNECT },
	{ SOL_TCP, TCP_FASTOPEN_NO_COOKIE },
	{ SOL_TCP, TCP_FASTOPEN_KEY },
	{ SOL_TCP, TCP_SAVE_SYN },
	{ SOL_TCP, TCP_NOTSENT_LOWAT },
	{ SOL_TCP, TCP_WINDOW_CLAMP },
	{ SOL_TCP, TCP_INQ },
	{ SOL_TCP, TCP_QUICKACK },
	{ SOL_TCP, TCP_TX_DELAY },
	{ SOL_TCP, TCP_RTO_MAX_MS },
	{ SOL_TCP, TCP_RTO_MIN_US },
	{ SOL_TCP, TCP_DELACK_MAX_US },
	{ SOL_UDP, UDP_CORK },
	{ SOL_UDP, UDP_ENCAP },
	{ SOL_UDP, UDP_NO_CHECK6_TX },
	{ SOL_UDP, UDP_NO_CHECK6_RX },
	{ SOL_UDP, UDP_SEGMENT },
	{ SOL_UDP, UDP_GRO },
	{ SOL_UDPLITE, UDPLITE_SEND_CSCOV },
	{ SOL_UDPLITE, UDPLITE_RECV_CSCOV },
	{ SOL_NETLINK, NETLINK_PKTINFO },
	{ SOL_NETLINK, NETLINK_BROADCAST_ERROR },
	{ SOL_NETLINK, NETLINK_NO_ENOBUFS },
	{ SOL_NETLINK, NETLINK_LISTEN_ALL_NSID },
	{ SOL_NETLINK, NETLINK_CAP_ACK },
	{ SOL_NETLINK, NETLINK_EXT_ACK },
	{ SOL_NETLINK, NETLINK_GET_STRICT_CHK },
	{ SOL_PACKET, PACKET_VNET_HDR_SZ },
	{ SOL_PACKET, PACKET_TX_HAS_OFF },
	{ SOL_PACKET, PACKET_QDISC_BYPASS },
	{ SOL_PACKET, PACKET_IGNORE_OUTGOING },
	{ SOL_SOCKET, SO_LOCK_FILTER },
};

#define VALUE_MAX 256 /* bytes: of extension headers, of IP_OPTIONS */

struct value {
	bool known; /* by the kernel, and for this sort of socket */
	socklen_t len;
	uint8_t bytes[VALUE_MAX];
};

/* What a fresh socket of a sort has. */
struct usual {
	struct usual *next;
	int family, type, proto;
	struct value values[ARRAY_SIZE(others)];
};

static bool of_family(int level, int name, int family)
{
	switch (level) {
	case SOL_IP: /* Sockets of IPv6 have an IPv4 side, for which the images have no fields. */
		return family == AF_INET6 ||
		       (family == AF_INET && name != IP_TTL && name != IP_TOS && name != IP_PKTINFO);
	case SOL_IPV6:
		return family == AF_INET6;
	case SOL_TCP:
	case SOL_UDP:
		return family == AF_INET || family == AF_INET6;
	case SOL_NETLINK:
		return family == AF_NETLINK;
	case SOL_PACKET:
		return family == AF_PACKET;
	default:
		return true;
	}
}

/* More than a number. */
static bool is_long(int level, int name)
{
	switch (level) {
	case SOL_SOCKET:
		return name == SO_TIMESTAMPING || name == SO_TIMESTAMPING_NEW || name == SO_TXTIME;
	case SOL_IP:
		return name == IP_OPTIONS;
	case SOL_IPV6:
		return name == IPV6_HOPOPTS || name == IPV6_RTHDR || name == IPV6_RTHDRDSTOPTS || name == IPV6_DSTOPTS;
	case SOL_TCP:
		return name == TCP_CONGESTION || name == TCP_FASTOPEN_KEY;
	default:
		return false;
	}
}

static void read_other(int fd, int family, size_t i, struct value *v)
{
	int level = others[i].level, name = others[i].name;

	v->len = is_long(level, name) ? VALUE_MAX : sizeof(int);
	v->known = of_family(level, name, family) && !getsockopt(fd, level, name, v->bytes, &v->len);
}

/* NULL with an error when there is none. */
static const struct usual *find_usual(struct dump_ctx *ctx, int family, int type, int proto, struct err *e)
{
	struct files *fs = files_of(ctx);
	_cleanup_close_ int fd = -1;
	struct usual *u;

	for (u = fs->usual_options; u; u = u->next)
		if (u->family == family && u->type == type && u->proto == proto)
			return u;
	fd = open_socket(family, type, proto);
	if (fd < 0) {
		err_set(e, errno, "cannot create a socket to compare with");
		return NULL;
	}
	u = pool_alloc(&ctx->pool, sizeof(*u));
	*u = (struct usual){ .next = fs->usual_options, .family = family, .type = type, .proto = proto };
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		read_other(fd, family, i, &u->values[i]);
	return fs->usual_options = u;
}

void sockopt_add(struct dump_ctx *ctx, SkOptsEntry *o, int level, int name, const void *value, size_t len)
{
	SkOptionEntry *r = POOL_MSG(&ctx->pool, SkOptionEntry, sk_option_entry);

	r->level = level;
	r->name = name;
	r->value.data = pool_copy(&ctx->pool, value, len);
	r->value.len = len;
	*POOL_PUSH(&ctx->pool, o->other, o->n_other) = r;
}

static int save_others(struct dump_ctx *ctx, int fd, int family, SkOptsEntry *o, struct err *e)
{
	const struct usual *u;
	int type, proto;

	if (sockopt_int(fd, SOL_SOCKET, SO_TYPE, &type) || sockopt_int(fd, SOL_SOCKET, SO_PROTOCOL, &proto))
		return err_set(e, errno, "cannot read its type");
	u = find_usual(ctx, family, type, proto, e);
	if (!u)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct value now;

		if (!u->values[i].known)
			continue;
		read_other(fd, family, i, &now);
		if (!now.known || (now.len == u->values[i].len && !memcmp(now.bytes, u->values[i].bytes, now.len)))
			continue;
		sockopt_add(ctx, o, others[i].level, others[i].name, now.bytes, now.len);
	}
	return 0;
}

static int save_timeouts(int fd, SkOptsEntry *o)
{
	struct timeval snd, rcv;
	socklen_t len = sizeof(snd);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &snd, &len))
		return -1;
	len = sizeof(rcv);
	if (getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &rcv, &len))
		return -1;
	o->so_snd_tmo_sec = snd.tv_sec;
	o->so_snd_tmo_usec = snd.tv_usec;
	o->so_rcv_tmo_sec = rcv.tv_sec;
	o->so_rcv_tmo_usec = rcv.tv_usec;
	return 0;
}

static int save_device(struct dump_ctx *ctx, int fd, SkOptsEntry *o)
{
	char name[16] = "";
	socklen_t len = sizeof(name);

	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len))
		return -1;
	if (len && *name)
		o->so_bound_dev = pool_str(&ctx->pool, name);
	return 0;
}

static int save_linger(int fd, SkOptsEntry *o)
{
	struct linger l;
	socklen_t len = sizeof(l);

	if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len))
		return -1;
	o->has_so_linger = l.l_onoff;
	o->so_linger = l.l_onoff ? l.l_linger : 0;
	return 0;
}

/* A classic filter can be read back, an eBPF program cannot. The length counts instructions. */
static int save_filter(struct dump_ctx *ctx, struct open_file *of, int fd, SkOptsEntry *o)
{
	socklen_t len = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &len)) {
		if (errno != EACCES)
			return -1;
		refuse_file(ctx, of, NULL, "is a socket with an eBPF filter: not supported by this version");
		return 0;
	}
	if (!len)
		return 0;
	_cleanup_free_ struct sock_filter *insns = calloc(len, sizeof(*insns));
	if (!insns || getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, insns, &len))
		return -1;
	o->n_so_filter = len;
	o->so_filter = pool_alloc(&ctx->pool, len * sizeof(*o->so_filter));
	for (size_t i = 0; i < len; i++)
		o->so_filter[i] = (uint64_t)insns[i].code << 48 | (uint64_t)insns[i].jt << 40 |
				  (uint64_t)insns[i].jf << 32 | insns[i].k;
	return 0;
}

#define READ_OPT(fd, level, option, entry, field, always)                 \
	do {                                                              \
		int v_;                                                   \
		if (sockopt_int(fd, level, option, &v_))                  \
			return err_set(e, errno, "cannot read " #option); \
		(entry)->has_##field = (always) || v_;                    \
		(entry)->field = (entry)->has_##field ? v_ : 0;           \
	} while (0)

static int save_numbers(int fd, int family, SkOptsEntry *o, struct err *e)
{
	enum family local = family == AF_UNIX || family == AF_NETLINK ? LOCAL : ANY;
	int v;

#define SOCK_OPT(option, field, always, who) \
	if ((who) == ANY || (who) == local)  \
		READ_OPT(fd, SOL_SOCKET, option, o, field, always);
#include "libimg/sockopts.def"
	if (sockopt_int(fd, SOL_SOCKET, SO_SNDBUF, &v))
		return err_set(e, errno, "cannot read SO_SNDBUF");
	o->so_sndbuf = v;
	if (sockopt_int(fd, SOL_SOCKET, SO_RCVBUF, &v))
		return err_set(e, errno, "cannot read SO_RCVBUF");
	o->so_rcvbuf = v;
	/* Since Linux 5.15. */
	o->has_so_buf_lock = !sockopt_int(fd, SOL_SOCKET, SO_BUF_LOCK, &v);
	o->so_buf_lock = v;
	return 0;
}

int sockopt_save(struct dump_ctx *ctx, struct open_file *of, int fd, int family, SkOptsEntry **ret, struct err *e)
{
	SkOptsEntry *o = POOL_MSG(&ctx->pool, SkOptsEntry, sk_opts_entry);

	if (save_numbers(fd, family, o, e))
		return -1;
	if (save_timeouts(fd, o) || save_device(ctx, fd, o) || save_linger(fd, o) || save_filter(ctx, of, fd, o))
		return err_set(e, errno, "cannot read its socket options");
	*ret = o;
	if (save_others(ctx, fd, family, o, e))
		return -1;
	return family == AF_INET || family == AF_INET6 ? sockopt_save_groups(ctx, fd, family, o, e) : 0;
}

/* Of raw sockets: who writes the header, and which ICMP messages are wanted. Those of others stay NULL. */
static int save_raw(struct dump_ctx *ctx, int fd, const InetSkEntry *sk, IpOptsEntry *ip, struct err *e)
{
	bool v4 = sk->family == AF_INET;
	IpOptsRawEntry *raw;
	socklen_t len;

	if (sk->type != SOCK_RAW)
		return 0;
	raw = ip->raw = POOL_MSG(&ctx->pool, IpOptsRawEntry, ip_opts_raw_entry);
	READ_OPT(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_HDRINCL : IPV6_HDRINCL, raw, hdrincl,
		 sk->proto == IPPROTO_RAW); /* which has it from the beginning */
	if (v4)
		READ_OPT(fd, SOL_IP, IP_NODEFRAG, raw, nodefrag, false);
	if (sk->proto != (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return 0;
	raw->n_icmpv_filter = v4 ? 1 : sizeof(struct icmp6_filter) / sizeof(uint32_t);
	len = raw->n_icmpv_filter * sizeof(uint32_t);
	raw->icmpv_filter = pool_alloc(&ctx->pool, len);
	if (getsockopt(fd, v4 ? SOL_RAW : SOL_ICMPV6, v4 ? ICMP_FILTER : ICMP6_FILTER, raw->icmpv_filter, &len))
		return err_set(e, errno, "cannot read its filter of ICMP messages");
	return 0;
}

int sockopt_save_ip(struct dump_ctx *ctx, int fd, int family, InetSkEntry *sk, struct err *e)
{
	IpOptsEntry *ip = POOL_MSG(&ctx->pool, IpOptsEntry, ip_opts_entry);
	TcpOptsEntry *tcp = POOL_MSG(&ctx->pool, TcpOptsEntry, tcp_opts_entry);

#define IP_OPT(option, field, always) \
	if (family == AF_INET)        \
		READ_OPT(fd, SOL_IP, option, ip, field, always);
#define IP6_OPT(option, field, always) \
	if (family == AF_INET6)        \
		READ_OPT(fd, SOL_IPV6, option, ip, field, always);
#define TCP_OPT(option, field, always)                           \
	if (sk->type == SOCK_STREAM && sk->proto == IPPROTO_TCP) \
		READ_OPT(fd, SOL_TCP, option, tcp, field, always);
#include "libimg/sockopts.def"
	sk->ip_opts = ip;
	sk->tcp_opts = tcp;
	return save_raw(ctx, fd, sk, ip, e);
}
