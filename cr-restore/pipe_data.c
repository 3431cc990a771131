// SPDX-License-Identifier: GPL-2.0-only
/* What pipes and FIFOs held, and how much they could. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "cr-restore/files.h"

static int by_id(const void *a, const void *b)
{
	const struct pipe_content *x = a, *y = b;

	return x->entry->pipe_id < y->entry->pipe_id ? -1 : x->entry->pipe_id > y->entry->pipe_id;
}

int pipe_contents_load(struct restore_ctx *ctx, enum img_id id, struct pipe_contents *s, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int got;

	s->image = id;
	if (img_open(ctx->images_fd, id, 0, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	while ((got = img_get(r, &msg, e)) > 0) {
		struct pipe_content *c = POOL_PUSH(&ctx->pool, s->list, s->nr);
		uint64_t sum = 0;

		*POOL_PUSH(&ctx->pool, ctx->files->messages, ctx->files->nr_messages) = msg;
		c->entry = (PipeDataEntry *)msg;
		for (size_t i = 0; i < c->entry->n_packets; i++)
			sum += c->entry->packets[i];
		if (c->entry->bytes > img_left(r) || (c->entry->n_packets && sum != c->entry->bytes)) {
			err_set(e, 0, "pipe %u cannot hold %u bytes", c->entry->pipe_id, c->entry->bytes);
			return img_complain(r, e);
		}
		c->bytes = pool_alloc(&ctx->pool, c->entry->bytes + 1);
		if (img_get_bytes(r, c->bytes, c->entry->bytes, e))
			return -1;
	}
	if (!got && s->nr)
		qsort(s->list, s->nr, sizeof(*s->list), by_id);
	return got;
}

static const struct pipe_content *find(const struct pipe_contents *s, uint32_t pipe_id)
{
	PipeDataEntry wanted = { .pipe_id = pipe_id };
	const struct pipe_content key = { .entry = &wanted };

	return s->nr ? bsearch(&key, s->list, s->nr, sizeof(key), by_id) : NULL;
}

uint32_t pipe_contents_bytes(const struct pipe_contents *s, uint32_t pipe_id)
{
	const struct pipe_content *c = find(s, pipe_id);

	return c ? c->entry->bytes : 0;
}

/* There may be no image when no pipe held anything, so what a pipe held is noted with its end as well. */
int pipe_contents_check(const struct pipe_contents *s, uint32_t pipe_id, uint32_t queued, struct err *e)
{
	char name[64];

	if (queued <= pipe_contents_bytes(s, pipe_id))
		return 0;
	err_set(e, 0, "%s does not hold the %u bytes that were in pipe %u", img_name(s->image, 0, name, sizeof(name)),
		queued, pipe_id);
	return err_hint(e, "the directory must have all images of the dump");
}

static int fill(int in, const struct pipe_content *c, struct err *e)
{
	size_t done = 0, n = c->entry->n_packets ? c->entry->n_packets : 1;

	if (!c->entry->bytes)
		return 0;
	if (fcntl(in, F_SETFL, O_NONBLOCK | (c->entry->n_packets ? O_DIRECT : 0)))
		return err_set(e, errno, "cannot prepare it for %u bytes", c->entry->bytes);
	for (size_t i = 0; i < n; i++) {
		size_t len = c->entry->n_packets ? c->entry->packets[i] : c->entry->bytes;
		ssize_t got = write(in, c->bytes + done, len);

		if (got != (ssize_t)len)
			return err_set(e, got < 0 ? errno : 0, "only %zu of %u bytes fit into it", done,
				       c->entry->bytes);
		done += len;
	}
	return 0;
}

static int set_size(int fd, uint32_t size, struct err *e)
{
	if (fcntl(fd, F_GETPIPE_SZ) == (int)size || fcntl(fd, F_SETPIPE_SZ, size) >= 0)
		return 0;
	err_set(e, errno, "cannot make its capacity %u bytes", size);
	return errno == EPERM ? err_hint(e, "raise /proc/sys/fs/pipe-max-size to %u", size) : -1;
}

int pipe_contents_fill(const struct pipe_contents *s, uint32_t pipe_id, int in, struct err *e)
{
	const struct pipe_content *c = find(s, pipe_id);
	int bytes = 0;

	if (!c)
		return 0;
	if (ioctl(in, FIONREAD, &bytes))
		return err_set(e, errno, "cannot tell how full it is");
	if (bytes) {
		log_warn("pipe %u: somebody else has kept it open, with %d bytes in it", pipe_id, bytes);
		return 0;
	}
	return (c->entry->has_size && set_size(in, c->entry->size, e)) || fill(in, c, e) ? -1 : 0;
}
