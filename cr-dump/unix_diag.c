// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only sock_diag(7) tells of unix sockets: state, peer, shutdown, who waits to be accepted. All sockets of the network namespace in one request, and only
 * when the tree has a unix socket at all.
 */
#include <linux/rtnetlink.h>
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

struct taker {
	struct dump_ctx *ctx;
	struct unix_list *list;
};

static void take(void *arg, const void *msg, size_t len)
{
	const struct taker *t = arg;
	const struct unix_diag_msg *m = msg;
	struct unix_facts *u = POOL_PUSH(&t->ctx->pool, t->list->facts, t->list->nr);

	u->ino = m->udiag_ino;
	u->type = m->udiag_type;
	u->state = m->udiag_state;
	take_attributes(t->ctx, u, (struct rtattr *)(m + 1), len - sizeof(*m));
}

static int by_ino(const void *a, const void *b)
{
	const struct unix_facts *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

int unix_list(struct dump_ctx *ctx, struct unix_list *list, struct err *e)
{
	struct unix_diag_req req = { .sdiag_family = AF_UNIX,
				     .udiag_states = ~0u,
				     .udiag_show =
					     UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN };
	struct taker t = { ctx, list };

	if (sk_diag("unix", &req, sizeof(req), take, &t, e))
		return -1;
	if (list->nr)
		qsort(list->facts, list->nr, sizeof(*list->facts), by_ino);
	return 0;
}

const struct unix_facts *unix_find(const struct unix_list *list, uint32_t ino)
{
	struct unix_facts key = { .ino = ino };

	return list->nr ? bsearch(&key, list->facts, list->nr, sizeof(key), by_ino) : NULL;
}
