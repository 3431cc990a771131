// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipes: their ends, capacity and content. The content is copied by tee(2), which takes nothing out. A pipe one of whose ends
 * lies outside the tree is refused; one whose other end is closed everywhere is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cr-dump/files.h"
#include "pipe-data.pb-c.h"

#define BUCKETS 256

/* One pipe, whatever the number of its ends. */
struct pipe {
	struct pipe *next;
	uint32_t id;			   /* the inode number */
	struct open_file *reader, *writer; /* an end of each sort that the tree has */
	bool half_closed;		   /* nobody at all has the other sort */
	bool packets;			   /* an end is in packet mode (O_DIRECT) */
	PipeDataEntry *data;
	uint8_t *bytes;
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

/*
 * Empties our copy. A read ends at the end of a packet (O_DIRECT), so the lengths of packets are seen here; of a plain stream
 * all comes at once.
 */
static int drain(struct dump_ctx *ctx, int fd, struct pipe *p, struct err *e)
{
	for (size_t done = 0; done < p->data->bytes;) {
		ssize_t n = read(fd, p->bytes + done, p->data->bytes - done);

		if (n <= 0)
			return err_set(e, n < 0 ? errno : 0, "cannot read the copy of the pipe's content");
		*POOL_PUSH(&ctx->pool, p->data->packets, p->data->n_packets) = n;
		done += n;
	}
	return 0;
}

static int save_data(struct dump_ctx *ctx, struct pipe *p, const struct fd_facts *f, struct err *e)
{
	_cleanup_close_ int out = -1, in = -1;
	int size = fcntl(f->fd, F_GETPIPE_SZ), bytes = 0, ends[2];
	ssize_t n;

	if (size < 0 || ioctl(f->fd, FIONREAD, &bytes))
		return err_set(e, errno, "cannot tell how full it is");
	p->data = POOL_MSG(&ctx->pool, PipeDataEntry, pipe_data_entry);
	p->data->pipe_id = p->id;
	p->data->has_size = true;
	p->data->size = size;
	/* What is left in a pipe that has no reader can never be read. */
	if (!bytes || (f->flags & O_ACCMODE) == O_WRONLY)
		return 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return err_set(e, errno, "cannot create a pipe");
	out = ends[0];
	in = ends[1];
	if (fcntl(in, F_GETPIPE_SZ) < size && fcntl(in, F_SETPIPE_SZ, size) < 0)
		return err_set(e, errno, "cannot create a pipe of %d bytes", size);
	n = tee(f->fd, in, INT_MAX, SPLICE_F_NONBLOCK);
	if (n != bytes)
		return err_set(e, n < 0 ? errno : 0, "copied %zd of the %d bytes that it holds", n, bytes);
	p->data->bytes = bytes;
	p->bytes = pool_alloc(&ctx->pool, bytes);
	return drain(ctx, out, p, e);
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
	p->packets |= f->flags & O_DIRECT;
	if (mode != O_WRONLY)
		p->reader = of;
	if (mode != O_RDONLY)
		p->writer = of;
	if ((!p->data || (p->reader && !had_reader)) && save_data(ctx, p, f, e))
		return -1;
	r = POOL_MSG(&ctx->pool, PipeEntry, pipe_entry);
	r->id = of->id;
	r->pipe_id = p->id;
	r->flags = f->flags;
	r->fown = f->fown;
	of->entry->pipe = r;
	return 0;
}

static int pipe_looked(struct dump_ctx *ctx, struct err *e)
{
	struct pipes *pipes = files_of(ctx)->kind[DUMP_KIND_pipe];

	for (size_t i = 0; pipes && i < pipes->nr; i++) {
		struct pipe *p = pipes->list[i];

		if (p->half_closed || (p->reader && p->writer))
			continue;
		refuse_file(ctx, p->reader ? p->reader : p->writer, "dump the whole pipeline, or redirect it to a file",
			    "is a pipe (pipe:[%u]) whose other end is held by a process outside the tree", p->id);
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

		/* A single piece is a packet only when the pipe is in packet mode. */
		if (p->data->n_packets == 1 && !p->packets)
			p->data->n_packets = 0;
		if (p->bytes) {
			p->reader->entry->pipe->has_queued = true;
			p->reader->entry->pipe->queued = p->data->bytes;
		}
		if (img_put(w, &p->data->base, e) || img_put_bytes(w, p->bytes, p->data->bytes, e))
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
