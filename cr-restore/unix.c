// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unix sockets. All of them are made together, at the first use of any: names and listening sockets, connections, those that wait
 * to be accepted, what is queued (which may be the sockets themselves), and only then what would have been in the way of
 * it: datagram connections, shutdowns, small buffers, the end of those who are gone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cr-restore/unix.h"

static int by_ino(const void *a, const void *b)
{
	const struct usock *x = a, *y = b;

	return x->r->ino < y->r->ino ? -1 : x->r->ino > y->r->ino;
}

struct usock *unix_by_ino(const struct unixes *s, uint32_t ino)
{
	UnixSkEntry sk = { .ino = ino };
	struct usock key = { .r = &sk };

	return s->nr_socks ? bsearch(&key, s->socks, s->nr_socks, sizeof(*s->socks), by_ino) : NULL;
}

static int unix_load(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;
	struct unixes *s = pool_alloc(&ctx->pool, sizeof(*s));

	fs->kind[RESTORE_KIND_unix] = s;
	s->private_root = -1;
	for (size_t i = 0; i < fs->nr; i++)
		if (fs->list[i].entry->usk)
			*POOL_PUSH(&ctx->pool, s->socks, s->nr_socks) = (struct usock){
				.of = &fs->list[i],
				.r = fs->list[i].entry->usk,
				.fd = -1,
				.file = -1,
				.elsewhere = fs->list[i].entry->usk->uflags & IS_EXTERNAL ||
					     inherit_wants(ctx, fs->list[i].entry),
				.phantom = -1,
				.phantom_file = -1,
			};
	if (s->nr_socks)
		qsort(s->socks, s->nr_socks, sizeof(*s->socks), by_ino);
	for (size_t i = 0; i < s->nr_socks; i++) {
		struct usock *u = &s->socks[i], *peer = u->r->peer ? unix_by_ino(s, u->r->peer) : NULL;

		u->peer = peer;
		if (peer) {
			u->next_follower = peer->followers;
			peer->followers = u;
		}
	}
	return 0;
}

/* --- plan --------------------------------------------------------------------------------------------------- */

#define NO_PEER "has a peer outside the tree"

static const char *obstacle(const struct restore_ctx *ctx, const UnixSkEntry *r, const struct usock *peer)
{
	if (r->type != SOCK_STREAM && r->type != SOCK_DGRAM && r->type != SOCK_SEQPACKET)
		return "is of an unknown type";
	if (r->name.len > sizeof(((struct sockaddr_un *)0)->sun_path) ||
	    r->peer_name.len > sizeof(((struct sockaddr_un *)0)->sun_path))
		return "has a name that is too long";
	if (r->has_outside && r->outside)
		return NO_PEER;
	if (r->peer && !peer)
		return NO_PEER;
	if (peer && peer->r->type != r->type)
		return "has a peer of another type";
	if (peer && peer->r->uflags & IS_EXTERNAL && (r->type != SOCK_DGRAM || !peer->r->name.len))
		return NO_PEER;
	if (peer && peer->elsewhere && !(peer->r->uflags & IS_EXTERNAL))
		return "has a peer for which --inherit-fd gives another";
	if (peer && r->type != SOCK_DGRAM && peer->r->state != STATE_LISTEN && peer->r->peer != r->ino)
		return "has a peer that is connected elsewhere";
	return peer && peer->r->uflags & IS_EXTERNAL && !ctx->opts->ext_unix_sk ?
		       "sends to a process outside the tree, which only --ext-unix-sk allows" :
		       NULL;
}

/* Its file is made anew; one that a socket left behind is replaced. */
static void check_place(struct restore_ctx *ctx, const UnixSkEntry *r)
{
	const char *path = unix_path(ctx, r);
	struct stat st;
	char *dir, *slash;

	if (!has_path(&r->name) || (r->has_deleted && r->deleted) ||
	    (r->state == STATE_CONNECTED && r->type != SOCK_DGRAM))
		return;
	if (!lstat(path, &st)) {
		if (!S_ISSOCK(st.st_mode))
			problem(ctx, "move it away", "%s, the name of a unix socket, is no socket", path);
		return;
	}
	dir = pool_str(&ctx->pool, path);
	slash = strrchr(dir, '/');
	if (slash > dir)
		*slash = '\0';
	if (lstat(dir, &st))
		problem(ctx, "the directory must be there as it was at the dump", "%s, the name of a unix socket: %s",
			path, strerror(errno));
}

static int unix_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const struct unixes *s = ctx->files->kind[RESTORE_KIND_unix];
	const struct usock *peer = f->usk->peer ? unix_by_ino(s, f->usk->peer) : NULL;
	const char *why = obstacle(ctx, f->usk, peer);

	if (why)
		problem(ctx,
			strcmp(why, NO_PEER) ?
				NULL :
				pool_printf(&ctx->pool, "give another with --inherit-fd 'fd[N]:socket:[%u]'",
					    f->usk->ino),
			"unix socket %u %s", f->usk->ino, why);
	else
		check_place(ctx, f->usk);
	return unix_check_queue(ctx, f->usk, e);
}

/* --- making ------------------------------------------------------------------------------------------------- */

void unix_made(struct restore_ctx *ctx, struct usock *u, int fd)
{
	u->fd = fd;
	files_put(ctx, u->of->id, fd);
}

int unix_socket(uint32_t type, const char *label, int *fd_ret, struct err *e)
{
	*fd_ret = socket_labelled(label, AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return *fd_ret < 0 ? err_set(e, errno, "cannot create a socket") : 0;
}

/* A stream or seqpacket socket that is connected, or waits to be accepted. */
static bool is_connected(const struct usock *u)
{
	return u->r->type != SOCK_DGRAM && u->r->state == STATE_CONNECTED;
}

static int open_alone(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	int fd;

	if (u->r->type == SOCK_DGRAM)
		return unix_dgram_open(ctx, u, e);
	if (is_connected(u))
		return 0;
	if (unix_socket(u->r->type, u->of->label, &fd, e))
		return -1;
	unix_made(ctx, u, fd);
	if (unix_bind(ctx, u, e))
		return -1;
	return u->r->state == STATE_LISTEN ? unix_listen(ctx, u, e) : 0;
}

/* The name that one moved away from may be another's now. */
static int open_moved(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	return u->r->moved_to ? open_alone(ctx, s, u, e) : 0;
}

static int open_unmoved(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	return u->r->moved_to ? 0 : open_alone(ctx, s, u, e);
}

static int connect_stream(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	if (!is_connected(u) || u->fd >= 0 || (u->peer && u->peer->r->state == STATE_LISTEN))
		return 0;
	return unix_connection(ctx, s, u, e);
}

static int connect_waiting(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	return u->r->state == STATE_LISTEN ? unix_pending(ctx, s, u, e) : 0;
}

static int connect_dgram(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	return u->r->type == SOCK_DGRAM ? unix_dgram_connect(ctx, u, e) : 0;
}

/* That one is closed. With something unread it leaves an error behind. */
static int end_phantom(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	if (u->r->has_reset && u->r->reset && u->phantom >= 0 && send(u->fd, "", 1, MSG_NOSIGNAL) != 1)
		return err_set(e, errno, "cannot make its other end close with data unread");
	close_fdp(&u->phantom);
	u->phantom = -1;
	return 0;
}

/* A buffer is as large as before only after its queue is filled. The defaults come back by SO_BUF_LOCK. */
static int finish_one(struct restore_ctx *ctx, struct unixes *s, struct usock *u, struct err *e)
{
	static const int how[] = { -1, SHUT_RD, SHUT_WR, SHUT_RDWR };
	const UnixSkEntry *r = u->r;

	if (sockopt_restore(u->fd, AF_UNIX, r->opts, e) || file_set_flags(u->fd, r->flags, e))
		return -1;
	if (!r->has_shutdown || r->shutdown < SK_SHUTDOWN__READ || r->shutdown > SK_SHUTDOWN__BOTH)
		return 0;
	/* A stream whose other end is gone is shut down by that; what was shut down before it connected is already. */
	if (is_connected(u)) {
		uint32_t know = u->peer ? u->peer->r->shutdown : 0, both = 0;

		both |= know & 1 ? 2 : 0;
		both |= know & 2 ? 1 : 0;
		both &= r->shutdown;
		return both && shutdown(u->fd, how[both]) ? err_set(e, errno, "cannot shut it down") : 0;
	}
	return shutdown(u->fd, how[r->shutdown]) ? err_set(e, errno, "cannot shut it down") : 0;
}

static int make_all(struct restore_ctx *ctx, struct unixes *s, struct err *e)
{
	static int (*const stages[])(struct restore_ctx *, struct unixes *, struct usock *, struct err *) = {
		open_moved,	 open_unmoved,	connect_stream, connect_waiting,
		unix_fill_queue, connect_dgram, end_phantom,	finish_one,
	};

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		for (size_t j = 0; j < s->nr_socks; j++) {
			struct usock *u = &s->socks[j];

			if (!u->elsewhere && stages[i](ctx, s, u, e))
				return err_in(e, "unix socket %u", u->r->ino);
		}
	return 0;
}

static void forget(struct unixes *s)
{
	for (size_t i = 0; i < s->nr_socks; i++) {
		close_fdp(&s->socks[i].file);
		close_fdp(&s->socks[i].phantom);
		close_fdp(&s->socks[i].phantom_file);
		s->socks[i].file = s->socks[i].phantom = s->socks[i].phantom_file = -1;
	}
	for (size_t i = 0; i < s->nr_senders; i++)
		close_fdp(&s->senders[i].fd);
	close_fdp(&s->private_root);
	s->nr_senders = 0;
	s->private_root = -1;
}

static int unix_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	struct unixes *s = ctx->files->kind[RESTORE_KIND_unix];
	int ret = 0;

	if (!s->made) {
		s->made = true;
		ret = make_all(ctx, s, e);
		forget(s);
	}
	if (ret)
		return -1;
	*fd_ret = files_find(ctx, f->id)->fd;
	return *fd_ret < 0 ? err_set(e, 0, "its connection is not in the images") : 0;
}

const struct restore_kind restore_unix = {
	.name = "unix socket",
	.type = FD_TYPES__UNIXSK,
	.load = unix_load,
	.check = unix_check,
	.make = unix_make,
};
