// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unix sockets without a name: both ends of a pair are made together, each end's queue is sent from the other end. An end whose
 * other end was closed gets a pair, too, of which the other end is closed again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cr-restore/files.h"
#include "cr-restore/unix_pair.h"
#include "sk-packet.pb-c.h"

#define STATE_CONNECTED 1
#define STATE_CLOSE	7
#define AMPLE		(64 << 20) /* send buffer while queues are filled: what once fit must fit */

struct packet {
	const SkPacketEntry *entry;
	uint8_t *bytes;
	size_t nr; /* order within one socket */
};

struct unixes {
	struct ofile **socks; /* by inode number */
	size_t nr_socks;
	struct packet *packets; /* by receiver, then in order */
	size_t nr_packets;
};

static int add_packet(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct unixes *s = ctx->files->kind[RESTORE_KIND_unix];
	struct packet *p = POOL_PUSH(&ctx->pool, s->packets, s->nr_packets);

	p->entry = (SkPacketEntry *)msg;
	p->nr = s->nr_packets;
	if (p->entry->length > img_left(r)) {
		err_set(e, 0, "a packet of %u bytes is longer than the image", p->entry->length);
		return img_complain(r, e);
	}
	p->bytes = pool_alloc(&ctx->pool, p->entry->length + 1);
	return img_get_bytes(r, p->bytes, p->entry->length, e);
}

static int by_receiver(const void *a, const void *b)
{
	const struct packet *x = a, *y = b;

	if (x->entry->id_for != y->entry->id_for)
		return x->entry->id_for < y->entry->id_for ? -1 : 1;
	return x->nr < y->nr ? -1 : x->nr > y->nr;
}

static int by_ino(const void *a, const void *b)
{
	const struct ofile *x = *(struct ofile **)a, *y = *(struct ofile **)b;

	return x->entry->usk->ino < y->entry->usk->ino ? -1 : x->entry->usk->ino > y->entry->usk->ino;
}

/* The first packet of a socket's queue; the others follow. */
static size_t first_packet(const struct unixes *s, uint32_t id)
{
	size_t low = 0, high = s->nr_packets;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->packets[mid].entry->id_for < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* There is no image when no queue held anything, so that is noted with the socket as well. */
static int check_queue(const struct unixes *s, const UnixSkEntry *r, struct err *e)
{
	size_t first = first_packet(s, r->id), n = 0;

	while (first + n < s->nr_packets && s->packets[first + n].entry->id_for == r->id)
		n++;
	if (r->queued <= n)
		return 0;
	err_set(e, 0, "sk-queues.img: %zu packets of unix socket %u are missing", r->queued - n, r->ino);
	return err_hint(e, "the directory must have all images of the dump");
}

static int unix_load(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;
	struct unixes *s = pool_alloc(&ctx->pool, sizeof(*s));

	fs->kind[RESTORE_KIND_unix] = s;
	for (size_t i = 0; i < fs->nr; i++)
		if (fs->list[i].entry->usk)
			*POOL_PUSH(&ctx->pool, s->socks, s->nr_socks) = &fs->list[i];
	if (s->nr_socks)
		qsort(s->socks, s->nr_socks, sizeof(*s->socks), by_ino);
	if (files_each(ctx, IMG_SK_QUEUES, add_packet, e))
		return -1;
	if (s->nr_packets)
		qsort(s->packets, s->nr_packets, sizeof(*s->packets), by_receiver);
	for (size_t i = 0; i < s->nr_socks; i++)
		if (check_queue(s, s->socks[i]->entry->usk, e))
			return -1;
	return 0;
}

static struct ofile *by_number(const struct unixes *s, uint32_t ino)
{
	UnixSkEntry sk = { .ino = ino };
	FileEntry entry = { .usk = &sk };
	struct ofile key = { .entry = &entry }, *k = &key, **hit = NULL;

	if (s->nr_socks)
		hit = bsearch(&k, s->socks, s->nr_socks, sizeof(*s->socks), by_ino);
	return hit ? *hit : NULL;
}

/* --- plan --------------------------------------------------------------------------------------------------- */

static const char *obstacle(const struct unixes *s, const UnixSkEntry *r)
{
	const struct ofile *peer = r->peer ? by_number(s, r->peer) : NULL;

	if (r->name.len)
		return "has a name";
	if (r->state != STATE_CONNECTED && r->state != STATE_CLOSE)
		return "is neither connected nor closed";
	if (r->peer && !peer)
		return "has a peer outside the tree";
	if (peer && peer->entry->usk->peer != r->ino)
		return "has a peer that is connected elsewhere";
	for (size_t i = first_packet(s, r->id); i < s->nr_packets && s->packets[i].entry->id_for == r->id; i++)
		if (s->packets[i].entry->n_scm)
			return "has descriptors in its queue";
	return NULL;
}

static int unix_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const char *why = obstacle(ctx->files->kind[RESTORE_KIND_unix], f->usk);

	if (why)
		problem(ctx, NULL, "unix socket %u %s, which this version cannot restore", f->usk->ino, why);
	return 0;
}

/* --- making ------------------------------------------------------------------------------------------------- */

static int send_queue(const struct unixes *s, uint32_t id, int from, struct err *e)
{
	size_t i = first_packet(s, id);
	int ample = AMPLE;

	if (i < s->nr_packets && s->packets[i].entry->id_for == id)
		setsockopt(from, SOL_SOCKET, SO_SNDBUFFORCE, &ample, sizeof(ample));
	for (; i < s->nr_packets && s->packets[i].entry->id_for == id; i++) {
		const struct packet *p = &s->packets[i];

		if (send(from, p->bytes, p->entry->length, MSG_DONTWAIT | MSG_NOSIGNAL) != p->entry->length)
			return err_set(e, errno, "cannot fill its queue again");
	}
	return 0;
}

/* A buffer is as large as before only after its queue is filled. The defaults come back by SO_BUF_LOCK. */
static int finish_end(int fd, const UnixSkEntry *r, bool shut, struct err *e)
{
	static const int how[] = { -1, SHUT_RD, SHUT_WR, SHUT_RDWR };

	if (sockopt_restore(fd, AF_UNIX, r->opts, e) || file_set_flags(fd, r->flags, e))
		return -1;
	if (!shut || !r->has_shutdown || r->shutdown < SK_SHUTDOWN__READ || r->shutdown > SK_SHUTDOWN__BOTH)
		return 0;
	return shutdown(fd, how[r->shutdown]) ? err_set(e, errno, "cannot shut it down") : 0;
}

static int make_pair(struct restore_ctx *ctx, const UnixSkEntry *r, struct ofile *peer, int *fd_ret, struct err *e)
{
	const struct unixes *s = ctx->files->kind[RESTORE_KIND_unix];
	/* A stream whose other end is gone is shut down by that; a datagram socket is only if it was by itself. */
	bool shut = peer || r->type == SOCK_DGRAM;
	int pair[2];

	if (unix_pair(ctx, r, pair, e))
		return -1;
	_cleanup_close_ int fd = pair[0], other = pair[1];
	if (send_queue(s, r->id, other, e) || (peer && send_queue(s, peer->id, fd, e)))
		return -1;
	if (finish_end(fd, r, shut, e) || (peer && finish_end(other, peer->entry->usk, shut, e)))
		return -1;
	if (peer && peer->held)
		files_put(ctx, peer->id, take_fd(other));
	*fd_ret = take_fd(fd);
	return 0;
}

static int unix_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const UnixSkEntry *r = f->usk;
	struct ofile *peer = r->peer ? by_number(ctx->files->kind[RESTORE_KIND_unix], r->peer) : NULL;
	_cleanup_close_ int fd = -1;

	if (r->state == STATE_CONNECTED)
		return make_pair(ctx, r, peer, fd_ret, e);
	fd = socket(AF_UNIX, r->type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, errno, "cannot create a socket");
	if (finish_end(fd, r, true, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

const struct restore_kind restore_unix = {
	.name = "unix socket",
	.type = FD_TYPES__UNIXSK,
	.load = unix_load,
	.check = unix_check,
	.make = unix_make,
};
