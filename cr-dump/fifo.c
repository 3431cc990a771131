// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open FIFOs. The file is found, or saved when it is deleted, as any other (reg_find.c); content and capacity are a pipe's. Other
 * processes may come and go by its name, so ends outside the tree are no reason to refuse: what only they can read is left to them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "cr-dump/files.h"
#include "cr-dump/task.h"

struct fifo {
	dev_t dev;
	ino_t ino;
	uint32_t id;
	FifoEntry *reader;
	struct pipe_content content;
};

struct fifos {
	struct fifo **list;
	size_t nr;
};

static bool fifo_claims(const struct fd_facts *f)
{
	return S_ISFIFO(f->st.st_mode) && *f->link == '/' && !(f->flags & O_PATH);
}

static struct fifo *fifo_of(struct dump_ctx *ctx, const struct stat *st, uint32_t id)
{
	void **state = &files_of(ctx)->kind[DUMP_KIND_fifo];
	struct fifos *s;
	struct fifo *f;

	if (!*state)
		*state = pool_alloc(&ctx->pool, sizeof(*s));
	s = *state;
	for (size_t i = 0; i < s->nr; i++)
		if (s->list[i]->ino == st->st_ino && s->list[i]->dev == st->st_dev)
			return s->list[i];
	f = pool_alloc(&ctx->pool, sizeof(*f));
	f->dev = st->st_dev;
	f->ino = st->st_ino;
	f->id = id;
	*POOL_PUSH(&ctx->pool, s->list, s->nr) = f;
	return f;
}

/* Nobody reads it, but somebody may open it to do so: the bytes are only seen through a reader of our own, which takes nothing. */
static int save_unread(struct dump_ctx *ctx, struct fifo *fifo, const struct fd_facts *f, struct err *e)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "cannot open it to see what is in it");
	return pipe_content_save(ctx, &fifo->content, fifo->id, fd, O_RDONLY, e);
}

static int save_content(struct dump_ctx *ctx, struct fifo *fifo, FifoEntry *r, const struct fd_facts *f, struct err *e)
{
	struct pollfd pfd = { f->fd, POLLIN | POLLOUT, 0 };
	int mode = f->flags & O_ACCMODE;

	if (poll(&pfd, 1, 0) < 0)
		return err_set(e, errno, "cannot poll it");
	if (mode == O_RDONLY)
		PB_SET(r, hup, !!(pfd.revents & POLLHUP));
	fifo->content.packets |= f->flags & O_DIRECT;
	if (mode == O_WRONLY && fifo->content.data)
		return 0;
	/* POLLERR: there is no reader at all. */
	if (mode == O_WRONLY && pfd.revents & POLLERR)
		return save_unread(ctx, fifo, f, e);
	if (fifo->reader)
		return 0;
	if (mode != O_WRONLY)
		fifo->reader = r;
	return pipe_content_save(ctx, &fifo->content, fifo->id, f->fd, mode, e);
}

static int fifo_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	struct fifo *fifo = fifo_of(ctx, &f->st, of->id);
	struct reg_place place = {
		.task = f->task,
		.of = of,
		.link = f->link,
		.found = f->found,
		.st = &f->st,
		.mnt_id = f->mnt_id,
	};
	FileEntry *file = files_add_entry(ctx, FD_TYPES__REG);
	const char *name;
	char where[32];
	FifoEntry *r;

	snprintf(where, sizeof(where), "fd/%d", f->number);
	place.where = where;
	if (reg_find(ctx, &place, file->id, &name, e))
		return -1;
	if (!name)
		return 0;
	reg_fill(ctx, file, &f->st, name, f->flags, 0, f->fown);
	r = POOL_MSG(&ctx->pool, FifoEntry, fifo_entry);
	r->id = of->id;
	r->pipe_id = fifo->id;
	PB_SET(r, regf_id, file->id);
	PB_SET(r, flags, f->flags);
	r->fown = f->fown;
	of->entry->fifo = r;
	return save_content(ctx, fifo, r, f, e);
}

static int fifo_write(struct dump_ctx *ctx, struct err *e)
{
	struct fifos *s = files_of(ctx)->kind[DUMP_KIND_fifo];
	_cleanup_img_writer_ struct img_writer *w = NULL;

	if (!s)
		return 0;
	if (img_create(ctx->images_fd, IMG_FIFO_DATA, 0, &w, e))
		return -1;
	for (size_t i = 0; i < s->nr; i++) {
		struct fifo *f = s->list[i];

		if (f->reader && f->content.bytes)
			PB_SET(f->reader, queued, f->content.data->bytes);
		if (pipe_content_put(&f->content, w, e))
			return -1;
	}
	return img_finish(&w, e);
}

const struct dump_kind dump_fifo = {
	.name = "FIFO",
	.type = FD_TYPES__FIFO,
	.claims = fifo_claims,
	.save = fifo_save,
	.write = fifo_write,
};
