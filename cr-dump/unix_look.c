// SPDX-License-Identifier: GPL-2.0-only
/* Unix sockets when all of the tree are known: who is connected to whom, and whose connection waits to be accepted. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-dump/task.h"
#include "cr-dump/unix.h"

#define EXTERNAL_HINT "--external unix[INODE] accepts that, if the restore is given another with --inherit-fd"

static int by_ino(const void *a, const void *b)
{
	const struct open_file *x = *(struct open_file **)a, *y = *(struct open_file **)b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static const struct open_file *sock_by_ino(const struct unixes *s, uint32_t ino)
{
	size_t low = 0, high = s->nr_socks;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->socks[mid]->ino == ino)
			return s->socks[mid];
		if (s->socks[mid]->ino < ino)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The connections that wait at a listening socket: each must be of a socket of the tree that has sent nothing yet. */
static void look_pending(struct dump_ctx *ctx, const struct unixes *s, const struct open_file *of)
{
	const struct unix_facts *u = unix_find(&s->all, of->ino);
	UnixSkEntry *r = of->entry->usk;

	if (u->waiting != u->nr_icons)
		refuse_file(ctx, of, NULL,
			    "is a unix socket at which %u connections wait, of which the kernel lists %u", u->waiting,
			    u->nr_icons);
	for (uint32_t i = 0; i < u->nr_icons; i++) {
		const struct open_file *client = sock_by_ino(s, u->icons[i]);

		if (!u->icons[i])
			refuse_file(ctx, of, "accept it first",
				    "is a unix socket at which a connection waits that is closed already");
		else if (!client)
			refuse_file(ctx, of, "accept it first",
				    "is a unix socket at which a connection from outside the tree (socket:[%u]) waits",
				    u->icons[i]);
		else if (unix_find(&s->all, u->icons[i])->unsent)
			refuse_file(
				ctx, of, "accept it first",
				"is a unix socket at which a connection waits that has sent data already (socket:[%u])",
				u->icons[i]);
		if (!client || !client->entry->usk)
			continue;
		*POOL_PUSH(&ctx->pool, r->pending, r->n_pending) = u->icons[i];
		client->entry->usk->peer = r->ino;
		client->entry->usk->has_peer_name = false;
	}
}

/* A socket outside of the tree at the other end of ours: an entry that says how to find it again. */
static void add_external(struct dump_ctx *ctx, const struct unix_facts *u, const UnixSkEntry *r)
{
	FileEntry *fe;
	UnixSkEntry *x;

	fe = files_add_entry(ctx, FD_TYPES__UNIXSK);
	x = fe->usk = POOL_MSG(&ctx->pool, UnixSkEntry, unix_sk_entry);
	x->id = fe->id;
	x->ino = u->ino;
	x->type = r->type;
	x->state = u->state;
	x->uflags = IS_EXTERNAL;
	x->fown = POOL_MSG(&ctx->pool, FownEntry, fown_entry);
	x->opts = POOL_MSG(&ctx->pool, SkOptsEntry, sk_opts_entry);
	x->name.len = u->name_len;
	x->name.data = (uint8_t *)u->name;
	x->has_ns_id = true;
	x->ns_id = NET_NS_ID;
}

static bool has_external(const struct dump_ctx *ctx, uint32_t ino)
{
	const struct files *fs = ctx->files;

	for (size_t i = 0; i < fs->nr_entries; i++)
		if (fs->entries[i]->usk && fs->entries[i]->usk->uflags & IS_EXTERNAL && fs->entries[i]->usk->ino == ino)
			return true;
	return false;
}

/* --external unix[INODE], or --ext-unix-sk=INODE,... */
static bool is_external(const struct dump_ctx *ctx, uint32_t ino)
{
	const char *list = ctx->opts->ext_unix_inodes;

	if (!ino)
		return false;
	while (list && *list) {
		if (strtoul(list, NULL, 10) == ino)
			return true;
		list += strcspn(list, ",");
		list += *list == ',';
	}
	return external_named(ctx, "unix[%u]", ino);
}

/* By either end: the inode number of the socket, or of the one at the other end. */
static bool is_named(const struct dump_ctx *ctx, const UnixSkEntry *r)
{
	return is_external(ctx, r->ino) || is_external(ctx, r->peer);
}

static void look_peer(struct dump_ctx *ctx, const struct unixes *s, const struct open_file *of)
{
	const struct unix_facts *u;
	UnixSkEntry *r = of->entry->usk;
	bool again; /* a restore can connect it again */

	if (!r->peer || sock_by_ino(s, r->peer))
		return;
	u = unix_find(&s->all, r->peer);
	again = u && r->type == SOCK_DGRAM && u->name_len;
	if (!is_named(ctx, r) && !(again && ctx->opts->ext_unix_sk)) {
		refuse_file(ctx, of,
			    again ? "--ext-unix-sk accepts that: it will be connected to the same name again" :
				    EXTERNAL_HINT,
			    "is a unix socket whose other end (socket:[%u]) is not in the tree", r->peer);
		return;
	}
	if (!again)
		PB_SET(r, outside, true);
	if (u && !has_external(ctx, r->peer))
		add_external(ctx, u, r);
}

/* Somebody outside has a listening socket at which our connection waits. */
static void look_waiting(struct dump_ctx *ctx, const struct open_file *of)
{
	UnixSkEntry *r = of->entry->usk;

	if (r->type == SOCK_DGRAM || !r->has_peer_name || r->shutdown)
		return;
	if (is_named(ctx, r))
		PB_SET(r, outside, true);
	else
		refuse_file(ctx, of, EXTERNAL_HINT,
			    "is a unix socket (socket:[%u]) whose connection waits to be accepted outside the tree",
			    r->ino);
}

int unix_looked(struct dump_ctx *ctx, struct err *e)
{
	struct unixes *s = files_of(ctx)->kind[DUMP_KIND_unix];

	if (!s || !s->nr_socks)
		return 0;
	qsort(s->socks, s->nr_socks, sizeof(*s->socks), by_ino);
	for (size_t i = 0; i < s->nr_socks; i++)
		if (s->socks[i]->entry->usk && s->socks[i]->entry->usk->state == STATE_LISTEN)
			look_pending(ctx, s, s->socks[i]);
	for (size_t i = 0; i < s->nr_socks; i++)
		if (s->socks[i]->entry->usk)
			look_peer(ctx, s, s->socks[i]);
	for (size_t i = 0; i < s->nr_socks; i++)
		if (s->socks[i]->entry->usk)
			look_waiting(ctx, s->socks[i]);
	return 0;
}
