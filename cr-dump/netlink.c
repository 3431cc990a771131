// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink sockets: port, groups, peer. Refused: messages that are not read yet, which only the kernel could send again, and queues
 * and logs of the packet filter that end with the socket. What else the kernel keeps for a port is not seen.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-dump/files.h"

#ifndef NDIAG_SHOW_FLAGS
#define NDIAG_SHOW_FLAGS      8
#define NETLINK_DIAG_FLAGS    4
#define NDIAG_FLAG_CB_RUNNING 1
#endif
#define UNCONNECTED 7 /* as the kernel has it before the first connect(2) */

static bool netlink_claims(const struct fd_facts *f)
{
	return f->family == AF_NETLINK;
}

/* Of all sockets that have a port. */
struct facts {
	uint32_t ino;
	uint8_t state; /* 1: connected */
	bool busy;     /* in the middle of a list */
};

struct list {
	struct dump_ctx *ctx;
	struct facts *facts;
	size_t nr;
};

static void take(void *arg, const void *msg, size_t len)
{
	struct list *list = arg;
	const struct netlink_diag_msg *m = msg;
	const struct nlattr *a = (const struct nlattr *)(m + 1);
	struct facts *f = POOL_PUSH(&list->ctx->pool, list->facts, list->nr);

	*f = (struct facts){ m->ndiag_ino, m->ndiag_state, false };
	for (size_t left = len - sizeof(*m); left >= sizeof(*a) + 4 && a->nla_len >= sizeof(*a);) {
		size_t step = NLA_ALIGN(a->nla_len);

		if (a->nla_type == NETLINK_DIAG_FLAGS)
			f->busy = *(const uint32_t *)(a + 1) & NDIAG_FLAG_CB_RUNNING;
		if (step > left)
			break;
		left -= step;
		a = (const struct nlattr *)((const char *)a + step);
	}
}

/* A kernel without this list does not tell who is connected to port 0, the kernel; that is the only thing missing then. */
static int find_facts(struct dump_ctx *ctx, const NetlinkSkEntry *r, struct facts *ret, struct err *e)
{
	struct netlink_diag_req req = { .sdiag_family = AF_NETLINK,
					.sdiag_protocol = NDIAG_PROTO_ALL,
					.ndiag_show = NDIAG_SHOW_FLAGS };
	struct list *list = files_of(ctx)->kind[DUMP_KIND_netlink];

	if (!list) {
		list = files_of(ctx)->kind[DUMP_KIND_netlink] = pool_alloc(&ctx->pool, sizeof(*list));
		list->ctx = ctx;
		if (sk_diag("netlink", &req, sizeof(req), take, list, e)) {
			if (e->errnum != ENOENT)
				return -1;
			*e = (struct err){ 0 };
		}
	}
	*ret = (struct facts){ r->ino, r->dst_portid || r->dst_group ? 1 : UNCONNECTED, false };
	for (size_t i = 0; i < list->nr; i++)
		if (list->facts[i].ino == r->ino)
			*ret = list->facts[i];
	return 0;
}

static int save_addresses(int fd, NetlinkSkEntry *r, struct err *e)
{
	struct sockaddr_nl own = { 0 }, peer = { 0 };
	socklen_t len = sizeof(own), peer_len = sizeof(peer);

	if (getsockname(fd, (struct sockaddr *)&own, &len) || getpeername(fd, (struct sockaddr *)&peer, &peer_len))
		return err_set(e, errno, "cannot read its address");
	r->portid = own.nl_pid;
	r->dst_portid = peer.nl_pid;
	r->dst_group = ffs(peer.nl_groups);
	return 0;
}

/* All of them; the address has the first 32 only. */
static int save_groups(struct dump_ctx *ctx, int fd, NetlinkSkEntry *r, struct err *e)
{
	uint32_t words[64];
	socklen_t len = sizeof(words);
	size_t nr;

	if (getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, words, &len))
		return err_set(e, errno, "cannot read its groups");
	if (len > sizeof(words))
		return err_set(e, 0, "its family has %u groups", 8 * (unsigned int)len);
	for (nr = len / sizeof(*words); nr && !words[nr - 1];)
		nr--;
	r->n_groups = nr;
	r->groups = pool_copy(&ctx->pool, words, nr * sizeof(*words));
	return 0;
}

/* Lines of /proc/net/netfilter: a number, the port of the socket that it belongs to, and more. */
static bool has_line(const char *path, uint32_t portid)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	unsigned int number, port;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%u %u", &number, &port) == 2 && port == portid)
			return true;
	return false;
}

static const char *obstacle(int fd, const NetlinkSkEntry *r, const struct facts *facts)
{
	struct pollfd pfd = { fd, POLLIN, 0 };

	poll(&pfd, 1, 0);
	if (pfd.revents & POLLERR)
		return "is a netlink socket with a pending error";
	if (pfd.revents & POLLIN || facts->busy)
		return "is a netlink socket with messages that are not read yet";
	if (r->protocol == NETLINK_NETFILTER && r->portid &&
	    (has_line("/proc/net/netfilter/nfnetlink_queue", r->portid) ||
	     has_line("/proc/net/netfilter/nfnetlink_log", r->portid)))
		return "is a netlink socket that packets are queued or logged for (nfnetlink)";
	return NULL;
}

static int netlink_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	NetlinkSkEntry *r = POOL_MSG(&ctx->pool, NetlinkSkEntry, netlink_sk_entry);
	struct facts facts;
	int protocol, type;
	const char *why;

	r->id = of->id;
	r->ino = f->ino;
	r->flags = f->flags;
	r->fown = f->fown;
	r->has_ns_id = true;
	r->ns_id = NET_NS_ID;
	if (sockopt_int(f->fd, SOL_SOCKET, SO_PROTOCOL, &protocol) || sockopt_int(f->fd, SOL_SOCKET, SO_TYPE, &type))
		return err_set(e, errno, "cannot read its type");
	r->protocol = protocol;
	r->has_type = true;
	r->type = type;
	if (save_addresses(f->fd, r, e) || save_groups(ctx, f->fd, r, e) || find_facts(ctx, r, &facts, e))
		return -1;
	r->state = facts.state;
	why = obstacle(f->fd, r, &facts);
	if (why) {
		refuse_file(ctx, of, NULL, "%s", why);
		return 0;
	}
	if (sockopt_save(ctx, of, f->fd, f->family, &r->opts, e))
		return -1;
	r->opts->has_so_uid = true;
	r->opts->so_uid = f->st.st_uid;
	of->entry->nlsk = r;
	return 0;
}

const struct dump_kind dump_netlink = {
	.name = "netlink socket",
	.type = FD_TYPES__NETLINKSK,
	.claims = netlink_claims,
	.save = netlink_save,
};
