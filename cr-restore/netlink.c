// SPDX-License-Identifier: GPL-2.0-only
/* Netlink sockets: made with their options, then bound, then members of their groups, then connected. */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-restore/files.h"

#define CONNECTED 1

static int open_socket(const char *label, const NetlinkSkEntry *r)
{
	return socket_labelled(label, AF_NETLINK, (r->has_type ? r->type : SOCK_RAW) | SOCK_CLOEXEC, r->protocol);
}

static int bind_to(int fd, const NetlinkSkEntry *r)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_pid = r->portid };

	return r->portid ? bind(fd, (struct sockaddr *)&a, sizeof(a)) : 0;
}

/* --- plan --------------------------------------------------------------------------------------------------- */

static int netlink_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const NetlinkSkEntry *r = f->nlsk;
	_cleanup_close_ int fd = open_socket(NULL, r);

	if (r->dst_group > 32)
		problem(ctx, NULL, "netlink socket %u sends to the impossible group %u", r->ino, r->dst_group);
	if (fd < 0)
		problem(ctx, NULL, "no netlink socket of protocol %u can be created: %s", r->protocol, strerror(errno));
	else if (bind_to(fd, r))
		problem(ctx, errno == EADDRINUSE ? "another program has that port; /proc/net/netlink shows it" : NULL,
			"netlink socket %u cannot have port %u of protocol %u: %s", r->ino, r->portid, r->protocol,
			strerror(errno));
	return 0;
}

/* --- making ------------------------------------------------------------------------------------------------- */

static int join_groups(int fd, const NetlinkSkEntry *r, struct err *e)
{
	for (size_t i = 0; i < 32 * r->n_groups; i++) {
		int group = i + 1;

		if (r->groups[i / 32] & 1u << i % 32 &&
		    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
			return err_set(e, errno, "cannot join group %d of netlink protocol %u", group, r->protocol);
	}
	return 0;
}

static int connect_to(int fd, const NetlinkSkEntry *r, struct err *e)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_pid = r->dst_portid };

	if (r->dst_group)
		a.nl_groups = 1u << (r->dst_group - 1);
	if (r->state == CONNECTED && connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return err_set(e, errno, "cannot connect it to port %u", r->dst_portid);
	return 0;
}

static int netlink_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const NetlinkSkEntry *r = f->nlsk;
	_cleanup_close_ int fd = open_socket(file_label(ctx, f->id), r);

	if (fd < 0)
		return err_set(e, errno, "cannot create a socket of protocol %u", r->protocol);
	/* Its filter first, so that it gets no message that it would not have had. */
	if (sockopt_restore(fd, AF_NETLINK, r->opts, e))
		return -1;
	if (bind_to(fd, r))
		return err_set(e, errno, "cannot bind it to port %u", r->portid);
	if (join_groups(fd, r, e) || connect_to(fd, r, e) || file_set_flags(fd, r->flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

const struct restore_kind restore_netlink = {
	.name = "netlink socket",
	.type = FD_TYPES__NETLINKSK,
	.check = netlink_check,
	.make = netlink_make,
};
