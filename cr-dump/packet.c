// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet sockets: protocol, device, options, memberships and fan-out groups, as sock_diag(7) tells them. Refused: rings, packets
 * that are not read yet, fan-out groups by a program. Lost are the statistics, which are zeroed by whoever reads them.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-dump/files.h"

static bool packet_claims(const struct fd_facts *f)
{
	return f->family == AF_PACKET;
}

/* What the kernel tells of all packet sockets. */
struct facts {
	uint32_t ino;
	uint16_t protocol; /* in network order */
	bool ring, fanout;
	struct packet_diag_info info;
	const struct packet_diag_mclist *groups;
	size_t nr_groups;
};

struct list {
	struct dump_ctx *ctx;
	struct facts *facts;
	size_t nr;
};

static void take(void *arg, const void *msg, size_t len)
{
	struct list *list = arg;
	const struct packet_diag_msg *m = msg;
	const struct rtattr *a = (const struct rtattr *)(m + 1);
	struct facts *f = POOL_PUSH(&list->ctx->pool, list->facts, list->nr);

	*f = (struct facts){ .ino = m->pdiag_ino, .protocol = htons(m->pdiag_num) };
	for (int left = len - sizeof(*m); RTA_OK(a, left); a = RTA_NEXT(a, left))
		switch (a->rta_type) {
		case PACKET_DIAG_INFO:
			memcpy(&f->info, RTA_DATA(a), sizeof(f->info));
			break;
		case PACKET_DIAG_MCLIST:
			f->nr_groups = RTA_PAYLOAD(a) / sizeof(*f->groups);
			f->groups = pool_copy(&list->ctx->pool, RTA_DATA(a), RTA_PAYLOAD(a));
			break;
		case PACKET_DIAG_RX_RING:
		case PACKET_DIAG_TX_RING:
			f->ring = true;
			break;
		case PACKET_DIAG_FANOUT:
			f->fanout = true;
			break;
		}
}

/* NULL: the kernel does not list it. */
static int find_facts(struct dump_ctx *ctx, uint32_t ino, const struct facts **ret, struct err *e)
{
	struct packet_diag_req req = { .sdiag_family = AF_PACKET,
				       .pdiag_show = PACKET_SHOW_INFO | PACKET_SHOW_MCLIST | PACKET_SHOW_RING_CFG |
						     PACKET_SHOW_FANOUT };
	struct list *list = files_of(ctx)->kind[DUMP_KIND_packet];

	if (!list) {
		list = files_of(ctx)->kind[DUMP_KIND_packet] = pool_alloc(&ctx->pool, sizeof(*list));
		list->ctx = ctx;
		if (sk_diag("packet", &req, sizeof(req), take, list, e))
			return -1;
	}
	*ret = NULL;
	for (size_t i = 0; i < list->nr; i++)
		if (list->facts[i].ino == ino)
			*ret = &list->facts[i];
	return 0;
}

static char *device_name(struct dump_ctx *ctx, uint32_t index)
{
	char name[IF_NAMESIZE];

	return index && if_indextoname(index, name) ? pool_str(&ctx->pool, name) : NULL;
}

static void save_groups(struct dump_ctx *ctx, const struct facts *facts, PacketSockEntry *r)
{
	for (size_t i = 0; i < facts->nr_groups; i++) {
		const struct packet_diag_mclist *m = &facts->groups[i];
		PacketMclist *g = POOL_MSG(&ctx->pool, PacketMclist, packet_mclist);

		g->index = m->pdmc_index;
		g->type = m->pdmc_type;
		g->addr.len = m->pdmc_alen < sizeof(m->pdmc_addr) ? m->pdmc_alen : sizeof(m->pdmc_addr);
		g->addr.data = pool_copy(&ctx->pool, m->pdmc_addr, g->addr.len);
		g->has_count = m->pdmc_count > 1;
		g->count = m->pdmc_count;
		g->ifname = device_name(ctx, m->pdmc_index);
		*POOL_PUSH(&ctx->pool, r->mclist, r->n_mclist) = g;
	}
}

static void save_facts(struct dump_ctx *ctx, const struct facts *facts, PacketSockEntry *r)
{
	r->protocol = facts->protocol;
	r->ifindex = facts->info.pdi_index;
	r->ifname = device_name(ctx, r->ifindex);
	r->version = facts->info.pdi_version;
	r->reserve = facts->info.pdi_reserve;
	r->timestamp = facts->info.pdi_tstamp;
	r->copy_thresh = facts->info.pdi_copy_thresh;
	r->aux_data = facts->info.pdi_flags & PDI_AUXDATA;
	r->orig_dev = facts->info.pdi_flags & PDI_ORIGDEV;
	r->vnet_hdr = facts->info.pdi_flags & PDI_VNETHDR;
	r->loss = facts->info.pdi_flags & PDI_LOSS;
	save_groups(ctx, facts, r);
}

static const char *obstacle(int fd, const struct facts *facts, PacketSockEntry *r)
{
	struct pollfd pfd = { fd, POLLIN, 0 };
	int fanout;

	if (!facts)
		return "is a packet socket that the kernel does not list: is it of another network namespace?";
	if (facts->info.pdi_index == UINT32_MAX)
		return "is a packet socket whose network device is gone";
	if (facts->ring)
		return "is a packet socket with a ring: not supported by this version";
	poll(&pfd, 1, 0);
	if (pfd.revents & POLLERR)
		return "is a packet socket with a pending error";
	if (pfd.revents & POLLIN)
		return "is a packet socket with packets that are not read yet";
	if (!facts->fanout)
		return NULL;
	if (sockopt_int(fd, SOL_PACKET, PACKET_FANOUT, &fanout))
		return "is a packet socket that does not tell its fan-out group";
	r->has_fanout = true;
	r->fanout = fanout;
	switch (fanout >> 16 & 0xff) {
	case PACKET_FANOUT_CBPF:
	case PACKET_FANOUT_EBPF:
		return "is a packet socket in a fan-out group that a program spreads packets in, which cannot be read back";
	}
	return NULL;
}

static int packet_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	PacketSockEntry *r = POOL_MSG(&ctx->pool, PacketSockEntry, packet_sock_entry);
	const struct facts *facts;
	const char *why;
	int type;

	r->id = of->id;
	r->flags = f->flags;
	r->fown = f->fown;
	r->has_ns_id = true;
	r->ns_id = NET_NS_ID;
	if (sockopt_int(f->fd, SOL_SOCKET, SO_TYPE, &type))
		return err_set(e, errno, "cannot read its type");
	r->type = type;
	if (find_facts(ctx, f->ino, &facts, e))
		return -1;
	why = obstacle(f->fd, facts, r);
	if (why) {
		refuse_file(ctx, of, NULL, "%s", why);
		return 0;
	}
	save_facts(ctx, facts, r);
	if (sockopt_save(ctx, of, f->fd, f->family, &r->opts, e))
		return -1;
	r->opts->has_so_uid = true;
	r->opts->so_uid = f->st.st_uid;
	of->entry->psk = r;
	return 0;
}

const struct dump_kind dump_packet = {
	.name = "packet socket",
	.type = FD_TYPES__PACKETSK,
	.claims = packet_claims,
	.save = packet_save,
};
