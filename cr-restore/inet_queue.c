// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that were in the queue of a UDP socket: they are sent again over the loopback device, by a raw socket that writes their
 * first address into them. The receiver is connected to that for the moment, so that no other socket with its port gets them.
 */
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "cr-restore/inet.h"

#define AMPLE (64 << 20)
#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif

void inet_queue_check(struct restore_ctx *ctx, const InetSkEntry *r)
{
	size_t nr;
	const struct packet *p = sk_packets(ctx, r->id, &nr);

	if (r->queued > nr)
		problem(ctx, "the directory must have all images of the dump",
			"sk-queues.img: %zu packets of UDP socket %u are missing", r->queued - nr, r->ino);
	for (size_t i = 0; i < nr; i++) {
		size_t want = r->family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

		if (!p[i].entry->has_from || p[i].entry->from.len < want ||
		    (p[i].entry->has_to && p[i].entry->to.len < want) || p[i].entry->length > 65507)
			problem(ctx, NULL, "sk-queues.img: a packet of UDP socket %u has no proper address", r->ino);
	}
}

/* Where the packet was sent to, or what the socket is bound to, or the loopback address. */
static void destination(const InetSkEntry *r, const SkPacketEntry *p, const union address *from, union address *to)
{
	memset(to, 0, sizeof(*to));
	if (r->family == AF_INET) {
		to->in.sin_addr.s_addr = r->src_addr[0] ? r->src_addr[0] : htonl(INADDR_LOOPBACK);
		if (p->has_to)
			memcpy(to, p->to.data, sizeof(to->in));
		to->in.sin_family = AF_INET;
		return;
	}
	memcpy(&to->in6.sin6_addr, r->src_addr, sizeof(to->in6.sin6_addr));
	if (IN6_IS_ADDR_UNSPECIFIED(&to->in6.sin6_addr))
		to->in6.sin6_addr = in6addr_loopback;
	if (p->has_to)
		memcpy(to, p->to.data, sizeof(to->in6));
	/* A socket for both has packets of IPv4 as well. */
	if (IN6_IS_ADDR_V4MAPPED(&from->in6.sin6_addr) && !IN6_IS_ADDR_V4MAPPED(&to->in6.sin6_addr)) {
		to->in6.sin6_addr = in6addr_any;
		to->in6.sin6_addr.s6_addr[10] = to->in6.sin6_addr.s6_addr[11] = 0xff;
		to->in6.sin6_addr.s6_addr[12] = 127;
		to->in6.sin6_addr.s6_addr[15] = 1;
	}
	to->in6.sin6_family = AF_INET6;
	to->in6.sin6_port = 0;
}

static uint32_t sum16(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *b = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += b[i] << 8 | b[i + 1];
	if (len & 1)
		sum += b[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The checksum over addresses, header and data. UDP-Lite has it over the whole packet, too. */
static uint16_t checksum(const void *from, const void *to, size_t addr_len, int proto, const struct udphdr *udp,
			 size_t len)
{
	uint32_t sum = sum16(from, addr_len, proto + len);

	sum = ~sum16(udp, len, sum16(to, addr_len, sum)) & 0xffff;
	return htons(sum ? sum : 0xffff);
}

struct datagram {
	union {
		struct iphdr v4;
		struct ip6_hdr v6;
		uint8_t bytes[65536 + 64];
	};
	size_t len;
};

static void build(struct datagram *d, const InetSkEntry *r, const struct packet *p, const union address *from,
		  const union address *to, bool v4, const uint8_t *from_addr, const uint8_t *to_addr)
{
	size_t head = v4 ? sizeof(d->v4) : sizeof(d->v6), addr_len = v4 ? 4 : 16;
	struct udphdr *udp = (struct udphdr *)(d->bytes + head);
	size_t len = sizeof(*udp) + p->entry->length;

	memset(d->bytes, 0, head + sizeof(*udp));
	if (v4) {
		d->v4 = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .protocol = r->proto };
		d->v4.tot_len = htons(head + len);
		memcpy(&d->v4.saddr, from_addr, 4);
		memcpy(&d->v4.daddr, to_addr, 4);
	} else {
		d->v6.ip6_vfc = 6 << 4;
		d->v6.ip6_plen = htons(len);
		d->v6.ip6_nxt = r->proto;
		d->v6.ip6_hlim = 64;
		memcpy(&d->v6.ip6_src, from_addr, 16);
		memcpy(&d->v6.ip6_dst, to_addr, 16);
	}
	udp->source = r->family == AF_INET ? from->in.sin_port : from->in6.sin6_port;
	udp->dest = htons(r->src_port);
	udp->len = r->proto == IPPROTO_UDP ? htons(len) : 0;
	memcpy(udp + 1, p->bytes, p->entry->length);
	udp->check = checksum(from_addr, to_addr, addr_len, r->proto, udp, len);
	d->len = head + len;
}

static uint32_t memory_used(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	return info[SK_MEMINFO_RMEM_ALLOC];
}

/* The loopback device delivers at once, or nearly so. */
static int await_arrival(int fd, uint32_t before, struct err *e)
{
	struct timespec pause = { 0, 1000000 };

	for (int i = 0; i < 1000; i++) {
		if (memory_used(fd) > before)
			return 0;
		nanosleep(&pause, NULL);
	}
	err_set(e, 0, "a packet that was in its queue does not arrive there");
	return err_hint(e, "is the loopback device up, and does a packet filter drop it?");
}

static int send_raw(bool v4, const struct datagram *d, const uint8_t *to_addr, struct err *e)
{
	_cleanup_close_ int raw = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	int ample = AMPLE;
	ssize_t n;

	if (raw < 0)
		return err_set(e, errno, "cannot create a raw socket to fill its queue");
	setsockopt(raw, SOL_SOCKET, SO_SNDBUFFORCE, &ample, sizeof(ample));
	memcpy(&in.sin_addr, to_addr, 4);
	memcpy(&in6.sin6_addr, to_addr, v4 ? 4 : 16);
	n = sendto(raw, d->bytes, d->len, 0, v4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
		   v4 ? sizeof(in) : sizeof(in6));
	return n == (ssize_t)d->len ? 0 : err_set(e, errno, "cannot send a packet of %zu bytes to it", d->len);
}

/*
 * Not every sender can be reached from here, or with the right address of ours; then the packet goes to whom the kernel chooses.
 */
static void connect_for(const InetSkEntry *r, int fd, const union address *from, const uint8_t *to_addr)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	bool v4 = r->family == AF_INET;
	union address own;
	socklen_t len = sizeof(own);

	connect(fd, &nobody, sizeof(nobody));
	if (!connect(fd, &from->sa, v4 ? sizeof(from->in) : sizeof(from->in6)) && !getsockname(fd, &own.sa, &len) &&
	    !memcmp(v4 ? (uint8_t *)&own.in.sin_addr : own.in6.sin6_addr.s6_addr, to_addr, v4 ? 4 : 16))
		return;
	log_debug("UDP socket %u cannot be connected to a sender for the moment", r->ino);
	connect(fd, &nobody, sizeof(nobody));
}

static int deliver(const InetSkEntry *r, int fd, const struct packet *p, struct datagram *d, struct err *e)
{
	union address from = { 0 }, to;
	const uint8_t *from_addr, *to_addr;
	uint32_t before = memory_used(fd);
	bool v4 = r->family == AF_INET;

	memcpy(&from, p->entry->from.data, v4 ? sizeof(from.in) : sizeof(from.in6));
	destination(r, p->entry, &from, &to);
	from_addr = v4 ? (uint8_t *)&from.in.sin_addr : from.in6.sin6_addr.s6_addr;
	to_addr = v4 ? (uint8_t *)&to.in.sin_addr : to.in6.sin6_addr.s6_addr;
	connect_for(r, fd, &from, to_addr);
	if (!v4 && IN6_IS_ADDR_V4MAPPED(&from.in6.sin6_addr)) {
		v4 = true;
		from_addr += 12;
		to_addr += 12;
	}
	build(d, r, p, &from, &to, v4, from_addr, to_addr);
	return send_raw(v4, d, to_addr, e) || await_arrival(fd, before, e) ? -1 : 0;
}

int inet_queue_fill(struct restore_ctx *ctx, const InetSkEntry *r, int fd, struct err *e)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct datagram *d;
	int ample = AMPLE;
	size_t nr;
	const struct packet *p = sk_packets(ctx, r->id, &nr);

	if (!nr)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &ample, sizeof(ample));
	if (r->opts->so_bound_dev)
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0);
	d = pool_alloc(&ctx->pool, sizeof(*d));
	for (size_t i = 0; i < nr; i++)
		if (deliver(r, fd, &p[i], d, e))
			return -1;
	connect(fd, &nobody, sizeof(nobody));
	return sockopt_bind_device(fd, r->opts, e);
}
