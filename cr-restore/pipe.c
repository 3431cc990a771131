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

struct pipes {
	struct ofile **ends; /* by pipe_id */
	size_t nr_ends;
	struct pipe_contents contents;
};

static int by_pipe(const void *a, const void *b)
{
	const struct ofile *x = *(struct ofile **)a, *y = *(struct ofile **)b;

	if (x->entry->pipe->pipe_id != y->entry->pipe->pipe_id)
		return x->entry->pipe->pipe_id < y->entry->pipe->pipe_id ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
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
	if (pipe_contents_load(ctx, IMG_PIPES_DATA, &s->contents, e))
		return -1;
	for (size_t i = 0; i < s->nr_ends; i++) {
		const PipeEntry *end = s->ends[i]->entry->pipe;

		if (pipe_contents_check(&s->contents, end->pipe_id, end->queued, e))
			return -1;
	}
	return 0;
}

static int pipe_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	if (f->pipe->has_outside && f->pipe->outside)
		problem(ctx, pool_printf(&ctx->pool, "give one with --inherit-fd 'fd[N]:pipe:[%u]'", f->pipe->pipe_id),
			"pipe:[%u] had its other end outside the tree, and no descriptor is given for it",
			f->pipe->pipe_id);
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
	if (pipe_contents_fill(&s->contents, pipe_id, in, e))
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
	.check = pipe_check,
	.make = pipe_make,
};
