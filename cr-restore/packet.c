// SPDX-License-Identifier: GPL-2.0-only
/* Packet sockets: made with their options and filter, then bound, then in their groups. Devices are known by name, if images have it. */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-restore/files.h"

#define ADDRESS_MAX 32 /* of a device: MAX_ADDR_LEN */
#define NO_FANOUT   UINT32_MAX

static uint32_t device_index(const char *name, uint32_t index)
{
	return name && *name ? if_nametoindex(name) : index;
}

/* --- plan --------------------------------------------------------------------------------------------------- */

static void check_device(struct restore_ctx *ctx, uint32_t id, const char *name, uint32_t index)
{
	char now[IF_NAMESIZE];

	if (index && (name && *name ? !if_nametoindex(name) : !if_indextoname(index, now)))
		problem(ctx, NULL, "packet socket %u wants the network device %s (number %u), which is not there", id,
			name && *name ? name : "?", index);
}

static int packet_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const PacketSockEntry *r = f->psk;
	_cleanup_close_ int fd = socket(AF_PACKET, r->type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		problem(ctx, NULL, "no packet socket of type %u can be created: %s", r->type, strerror(errno));
	if (r->rx_ring || r->tx_ring)
		problem(ctx, NULL, "packet socket %u has a ring, which this version cannot restore", r->id);
	check_device(ctx, r->id, r->ifname, r->ifindex);
	for (size_t i = 0; i < r->n_mclist; i++) {
		check_device(ctx, r->id, r->mclist[i]->ifname, r->mclist[i]->index);
		if (r->mclist[i]->addr.len > ADDRESS_MAX)
			problem(ctx, NULL, "packet socket %u: an address has %zu bytes", r->id, r->mclist[i]->addr.len);
	}
	return 0;
}

/* --- making ------------------------------------------------------------------------------------------------- */

static int set_options(int fd, const PacketSockEntry *r, struct err *e)
{
	/* The old type has none of its own. */
	if (r->type == SOCK_PACKET)
		return sockopt_restore(fd, AF_PACKET, r->opts, e);
	if (sockopt_set(fd, SOL_PACKET, PACKET_VERSION, r->version, "PACKET_VERSION", e) ||
	    sockopt_set(fd, SOL_PACKET, PACKET_RESERVE, r->reserve, "PACKET_RESERVE", e) ||
	    sockopt_set(fd, SOL_PACKET, PACKET_AUXDATA, r->aux_data, "PACKET_AUXDATA", e) ||
	    sockopt_set(fd, SOL_PACKET, PACKET_ORIGDEV, r->orig_dev, "PACKET_ORIGDEV", e) ||
	    sockopt_set(fd, SOL_PACKET, PACKET_LOSS, r->loss, "PACKET_LOSS", e) ||
	    sockopt_set(fd, SOL_PACKET, PACKET_TIMESTAMP, r->timestamp, "PACKET_TIMESTAMP", e))
		return -1;
	/* Not for all types, and not to be read on all kernels. */
	if (r->vnet_hdr && sockopt_set(fd, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR", e))
		return -1;
	if (r->copy_thresh && sockopt_set(fd, SOL_PACKET, PACKET_COPY_THRESH, r->copy_thresh, "PACKET_COPY_THRESH", e))
		return -1;
	return sockopt_restore(fd, AF_PACKET, r->opts, e);
}

/* The old type takes a name, and its protocol from socket(2). */
static int bind_to(int fd, const PacketSockEntry *r, struct err *e)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = r->protocol };
	struct sockaddr old = { .sa_family = AF_PACKET };
	char name[IF_NAMESIZE];
	int pending;

	a.sll_ifindex = device_index(r->ifname, r->ifindex);
	if (r->type == SOCK_PACKET && r->ifindex) {
		if (!if_indextoname(a.sll_ifindex, name))
			return err_set(e, errno, "there is no device %d", a.sll_ifindex);
		memcpy(old.sa_data, name, strnlen(name, sizeof(old.sa_data) - 1)); /* so long at most */
		if (bind(fd, &old, sizeof(old)))
			return err_set(e, errno, "cannot bind it to the device %s", name);
	} else if (r->type != SOCK_PACKET && (r->protocol || r->ifindex)) {
		if (bind(fd, (struct sockaddr *)&a, sizeof(a)))
			return err_set(e, errno, "cannot bind it to device %d", a.sll_ifindex);
	}
	/* That a device is down, the program was told when it bound it. */
	return sockopt_int(fd, SOL_SOCKET, SO_ERROR, &pending) ? err_set(e, errno, "cannot read SO_ERROR") : 0;
}

static int join_groups(int fd, const PacketSockEntry *r, struct err *e)
{
	for (size_t i = 0; i < r->n_mclist; i++) {
		const PacketMclist *g = r->mclist[i];
		struct {
			struct packet_mreq m;
			uint8_t more[ADDRESS_MAX];
		} req = { .m = { .mr_type = g->type, .mr_alen = g->addr.len } };

		req.m.mr_ifindex = device_index(g->ifname, g->index);
		memcpy((uint8_t *)&req + offsetof(struct packet_mreq, mr_address), g->addr.data, g->addr.len);
		for (uint32_t n = g->has_count ? g->count : 1; n; n--)
			if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &req,
				       g->addr.len > sizeof(req.m.mr_address) ? sizeof(req) : sizeof(req.m)))
				return err_set(e, errno, "cannot join a group of device %d", req.m.mr_ifindex);
	}
	if (r->has_fanout && r->fanout != NO_FANOUT &&
	    setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &r->fanout, sizeof(r->fanout)))
		return err_set(e, errno, "cannot join fan-out group %u", r->fanout & 0xffff);
	return 0;
}

static int packet_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const PacketSockEntry *r = f->psk;
	/* Without a protocol it gets no packet until it is bound, with its filter in place. */
	_cleanup_close_ int fd = socket_labelled(file_label(ctx, f->id), AF_PACKET, r->type | SOCK_CLOEXEC,
						 r->type == SOCK_PACKET ? r->protocol : 0);

	if (fd < 0)
		return err_set(e, errno, "cannot create a socket of type %u", r->type);
	if (set_options(fd, r, e) || bind_to(fd, r, e) || join_groups(fd, r, e) || file_set_flags(fd, r->flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

const struct restore_kind restore_packet = {
	.name = "packet socket",
	.type = FD_TYPES__PACKETSK,
	.check = packet_check,
	.make = packet_make,
};
