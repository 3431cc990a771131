// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only sock_diag(7) tells of unix sockets: state, peer, shutdown, who waits to be accepted. All sockets of the network namespace in one request, and only
 * when the tree has a unix socket at all.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-dump/files.h"
#include "cr-dump/unix_diag.h"

static void take_attributes(struct dump_ctx *ctx, struct unix_facts *u, struct rtattr *a, int len)
{
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		struct unix_diag_rqlen q;

		switch (a->rta_type) {
		case UNIX_DIAG_PEER:
			u->has_peer = true;
			memcpy(&u->peer, RTA_DATA(a), sizeof(u->peer));
			break;
		case UNIX_DIAG_SHUTDOWN:
			u->shutdown = *(uint8_t *)RTA_DATA(a);
			break;
		case UNIX_DIAG_RQLEN:
			memcpy(&q, RTA_DATA(a), sizeof(q));
			u->unsent = q.udiag_wqueue;
			u->waiting = q.udiag_rqueue;
			break;
		case UNIX_DIAG_NAME:
			u->name_len = RTA_PAYLOAD(a);
			u->name = pool_copy(&ctx->pool, RTA_DATA(a), u->name_len);
			break;
		case UNIX_DIAG_ICONS:
			u->nr_icons = RTA_PAYLOAD(a) / sizeof(*u->icons);
			u->icons = pool_copy(&ctx->pool, RTA_DATA(a), RTA_PAYLOAD(a));
			break;
		}
	}
}

static int ask(int fd, struct err *e)
{
	struct {
		struct nlmsghdr h;
		struct unix_diag_req req;
	} m = {
		.h = { sizeof(m), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 },
		.req = { .sdiag_family = AF_UNIX,
			 .udiag_states = ~0u,
			 .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN },
	};

	if (send(fd, &m, sizeof(m), 0) != sizeof(m))
		return err_set(e, errno, "cannot ask the kernel for its unix sockets (sock_diag)");
	return 0;
}

static int no_answer(struct err *e, int errnum)
{
	err_set(e, errnum, "the kernel does not list its unix sockets (sock_diag)");
	return errnum == ENOENT ? err_hint(e, "the kernel needs CONFIG_UNIX_DIAG; try: modprobe unix_diag") : -1;
}

/* Takes the sockets of one datagram. Returns 1 at the end of the list. */
static int take(struct dump_ctx *ctx, struct unix_list *list, struct nlmsghdr *h, size_t len, struct err *e)
{
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		struct unix_diag_msg *m = NLMSG_DATA(h);
		struct unix_facts *u;

		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return no_answer(e, -((struct nlmsgerr *)NLMSG_DATA(h))->error);
		u = POOL_PUSH(&ctx->pool, list->facts, list->nr);
		u->ino = m->udiag_ino;
		u->state = m->udiag_state;
		take_attributes(ctx, u, (struct rtattr *)(m + 1), NLMSG_PAYLOAD(h, sizeof(*m)));
	}
	return 0;
}

static int by_ino(const void *a, const void *b)
{
	const struct unix_facts *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

int unix_list(struct dump_ctx *ctx, struct unix_list *list, struct err *e)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	union {
		struct nlmsghdr h;
		char bytes[32768];
	} buf;
	int done = 0;

	if (fd < 0)
		return err_set(e, errno, "cannot open a sock_diag socket");
	if (ask(fd, e))
		return -1;
	while (!done) {
		ssize_t n = recv(fd, &buf, sizeof(buf), 0);

		if (n <= 0)
			return no_answer(e, n < 0 ? errno : 0);
		done = take(ctx, list, &buf.h, n, e);
		if (done < 0)
			return -1;
	}
	if (list->nr)
		qsort(list->facts, list->nr, sizeof(*list->facts), by_ino);
	return 0;
}

const struct unix_facts *unix_find(const struct unix_list *list, uint32_t ino)
{
	struct unix_facts key = { .ino = ino };

	return list->nr ? bsearch(&key, list->facts, list->nr, sizeof(key), by_ino) : NULL;
}
