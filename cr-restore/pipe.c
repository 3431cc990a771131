// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipes: all open files of one pipe are made together, for only whoever has both ends can open more of them and fill it. An end
 * that no task has is closed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cr-restore/files.h"
#include "pipe-data.pb-c.h"

struct content {
	const PipeDataEntry *entry;
	uint8_t *bytes;
};

struct pipes {
	struct ofile **ends; /* by pipe_id */
	size_t nr_ends;
	struct content *contents;
	size_t nr_contents;
};

static int add_content(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct pipes *s = ctx->files->kind[RESTORE_KIND_pipe];
	struct content *c = POOL_PUSH(&ctx->pool, s->contents, s->nr_contents);
	uint64_t sum = 0;

	c->entry = (PipeDataEntry *)msg;
	for (size_t i = 0; i < c->entry->n_packets; i++)
		sum += c->entry->packets[i];
	if (c->entry->bytes > img_left(r) || (c->entry->n_packets && sum != c->entry->bytes)) {
		err_set(e, 0, "pipe %u cannot hold %u bytes", c->entry->pipe_id, c->entry->bytes);
		return img_complain(r, e);
	}
	c->bytes = pool_alloc(&ctx->pool, c->entry->bytes + 1);
	return img_get_bytes(r, c->bytes, c->entry->bytes, e);
}

static int by_pipe(const void *a, const void *b)
{
	const struct ofile *x = *(struct ofile **)a, *y = *(struct ofile **)b;

	if (x->entry->pipe->pipe_id != y->entry->pipe->pipe_id)
		return x->entry->pipe->pipe_id < y->entry->pipe->pipe_id ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_content(const void *a, const void *b)
{
	const struct content *x = a, *y = b;

	return x->entry->pipe_id < y->entry->pipe_id ? -1 : x->entry->pipe_id > y->entry->pipe_id;
}

static const struct content *content_of(const struct pipes *s, uint32_t pipe_id)
{
	PipeDataEntry wanted = { .pipe_id = pipe_id };
	const struct content key = { .entry = &wanted };

	return s->nr_contents ? bsearch(&key, s->contents, s->nr_contents, sizeof(key), by_content) : NULL;
}

/* There may be no image when no pipe held anything, so what a pipe held is noted with its end as well. */
static int check_content(const struct pipes *s, const PipeEntry *end, struct err *e)
{
	const struct content *c = content_of(s, end->pipe_id);

	if (end->queued <= (c ? c->entry->bytes : 0))
		return 0;
	err_set(e, 0, "pipes-data.img: %u bytes of pipe %u are missing", end->queued, end->pipe_id);
	return err_hint(e, "the directory must have all images of the dump");
}

static int pipe_load(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;
	struct pipes *s = pool_alloc(&ctx->pool, sizeof(*s));

	fs->kind[RESTORE_KIND_pipe] = s;
	for (size_t i = 0; i < fs->nr; i++)
		if (fs->list[i].entry->pipe && fs->list[i].held)
			*POOL_PUSH(&ctx->pool, s->ends, s->nr_ends) = &fs->list[i];
	if (s->nr_ends)
		qsort(s->ends, s->nr_ends, sizeof(*s->ends), by_pipe);
	if (files_each(ctx, IMG_PIPES_DATA, add_content, e))
		return -1;
	if (s->nr_contents)
		qsort(s->contents, s->nr_contents, sizeof(*s->contents), by_content);
	for (size_t i = 0; i < s->nr_ends; i++)
		if (check_content(s, s->ends[i]->entry->pipe, e))
			return -1;
	return 0;
}

/* The first end of a pipe in the sorted list; the others follow. */
static size_t first_end(const struct pipes *s, uint32_t pipe_id)
{
	size_t low = 0, high = s->nr_ends;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->ends[mid]->entry->pipe->pipe_id < pipe_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int fill(int in, const struct content *c, struct err *e)
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

static int set_content(const struct pipes *s, uint32_t pipe_id, int in, struct err *e)
{
	const struct content *c = content_of(s, pipe_id);

	if (!c)
		return 0;
	if (c->entry->has_size && set_size(in, c->entry->size, e))
		return -1;
	return fill(in, c, e);
}

/* One of the ends that pipe2(2) gave serves as it is; every further open file is opened through it. O_LARGEFILE tells the latter. */
static int make_end(struct restore_ctx *ctx, const struct ofile *of, int ends[2], bool used[2], struct err *e)
{
	uint32_t flags = of->entry->pipe->flags;
	int side = (flags & O_ACCMODE) == O_RDONLY ? 0 : 1;
	_cleanup_close_ int fd = -1;

	if ((flags & O_ACCMODE) != O_RDWR && !used[side] && !(flags & 0100000)) {
		fd = fcntl(ends[side], F_DUPFD_CLOEXEC, 0);
		used[side] = true;
		if (fd < 0)
			return err_set(e, errno, "cannot duplicate its end");
	} else if (file_reopen(ends[side], flags, &fd, e)) {
		return -1;
	}
	if (file_set_flags(fd, flags, e))
		return -1;
	files_put(ctx, of->id, take_fd(fd));
	return 0;
}

static int pipe_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const struct pipes *s = ctx->files->kind[RESTORE_KIND_pipe];
	uint32_t pipe_id = f->pipe->pipe_id;
	bool used[2] = { false, false };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return err_set(e, errno, "cannot create a pipe");
	_cleanup_close_ int out = ends[0], in = ends[1];
	if (set_content(s, pipe_id, in, e))
		return -1;
	for (size_t i = first_end(s, pipe_id); i < s->nr_ends && s->ends[i]->entry->pipe->pipe_id == pipe_id; i++)
		if (make_end(ctx, s->ends[i], (int[]){ out, in }, used, e))
			return -1;
	*fd_ret = files_find(ctx, f->id)->fd;
	return *fd_ret < 0 ? err_set(e, 0, "no task has this end of pipe %u", pipe_id) : 0;
}

const struct restore_kind restore_pipe = {
	.name = "pipe",
	.type = FD_TYPES__PIPE,
	.load = pipe_load,
	.make = pipe_make,
};
