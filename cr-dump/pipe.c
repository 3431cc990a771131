// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipes: their ends, capacity and content (pipe_data.c). One whose other end is outside the tree is marked as such: a restore wants
 * a descriptor in its place (--inherit-fd). One whose other end is closed everywhere is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "cr-dump/files.h"
#include "cr-dump/task.h"

#define BUCKETS 256

/* One pipe, whatever the number of its ends. */
struct pipe {
	struct pipe *next;
	uint32_t id;			   /* the inode number */
	struct open_file *reader, *writer; /* an end of each sort that the tree has */
	bool half_closed;		   /* nobody at all has the other sort */
	struct pipe_content content;
};

struct pipes {
	struct pipe *bucket[BUCKETS];
	struct pipe **list;
	size_t nr;
};

static bool pipe_claims(const struct fd_facts *f)
{
	return S_ISFIFO(f->st.st_mode) && !strncmp(f->link, "pipe:[", 6) && !(f->flags & O_PATH);
}

static struct pipe *pipe_of(struct dump_ctx *ctx, uint32_t id)
{
	void **state = &files_of(ctx)->kind[DUMP_KIND_pipe];
	struct pipes *pipes;
	struct pipe *p;

	if (!*state)
		*state = pool_alloc(&ctx->pool, sizeof(*pipes));
	pipes = *state;
	for (p = pipes->bucket[id % BUCKETS]; p; p = p->next)
		if (p->id == id)
			return p;
	p = pool_alloc(&ctx->pool, sizeof(*p));
	p->id = id;
	p->next = pipes->bucket[id % BUCKETS];
	pipes->bucket[id % BUCKETS] = p;
	*POOL_PUSH(&ctx->pool, pipes->list, pipes->nr) = p;
	return p;
}

static int pipe_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	struct pipe *p = pipe_of(ctx, f->ino);
	struct pollfd pfd = { f->fd, POLLIN | POLLOUT, 0 };
	int mode = f->flags & O_ACCMODE;
	bool had_reader = p->reader;
	PipeEntry *r;

	if (poll(&pfd, 1, 0) < 0)
		return err_set(e, errno, "cannot poll it");
	/* POLLHUP: nobody has it open for writing; POLLERR: nobody for reading. */
	p->half_closed |= pfd.revents & (POLLHUP | POLLERR);
	p->content.packets |= f->flags & O_DIRECT;
	if (mode != O_WRONLY)
		p->reader = of;
	if (mode != O_RDONLY)
		p->writer = of;
	if ((!p->content.data || (p->reader && !had_reader)) &&
	    pipe_content_save(ctx, &p->content, p->id, f->fd, mode, e))
		return -1;
	r = POOL_MSG(&ctx->pool, PipeEntry, pipe_entry);
	r->id = of->id;
	r->pipe_id = p->id;
	r->flags = f->flags;
	r->fown = f->fown;
	of->entry->pipe = r;
	return 0;
}

static void mark_outside(struct dump_ctx *ctx, uint32_t pipe_id)
{
	const struct files *fs = files_of(ctx);

	for (size_t i = 0; i < fs->nr_list; i++) {
		PipeEntry *r = fs->list[i]->entry ? fs->list[i]->entry->pipe : NULL;

		if (r && r->pipe_id == pipe_id)
			PB_SET(r, outside, true);
	}
}

static int pipe_looked(struct dump_ctx *ctx, struct err *e)
{
	struct pipes *pipes = files_of(ctx)->kind[DUMP_KIND_pipe];

	for (size_t i = 0; pipes && i < pipes->nr; i++) {
		struct pipe *p = pipes->list[i];

		if (p->half_closed || (p->reader && p->writer))
			continue;
		mark_outside(ctx, p->id);
		if (!external_named(ctx, "pipe[%u]", p->id))
			log_warn(
				"pipe:[%u] has its other end outside the tree: the restore wants --inherit-fd fd[N]:pipe:[%u]",
				p->id, p->id);
	}
	return 0;
}

static int pipe_write(struct dump_ctx *ctx, struct err *e)
{
	struct pipes *pipes = files_of(ctx)->kind[DUMP_KIND_pipe];
	_cleanup_img_writer_ struct img_writer *w = NULL;

	if (!pipes)
		return 0;
	if (img_create(ctx->images_fd, IMG_PIPES_DATA, 0, &w, e))
		return -1;
	for (size_t i = 0; i < pipes->nr; i++) {
		struct pipe *p = pipes->list[i];

		if (p->content.bytes) {
			p->reader->entry->pipe->has_queued = true;
			p->reader->entry->pipe->queued = p->content.data->bytes;
		}
		if (pipe_content_put(&p->content, w, e))
			return -1;
	}
	return img_finish(&w, e);
}

const struct dump_kind dump_pipe = {
	.name = "pipe",
	.type = FD_TYPES__PIPE,
	.claims = pipe_claims,
	.save = pipe_save,
	.looked = pipe_looked,
	.write = pipe_write,
};
