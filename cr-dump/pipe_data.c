// SPDX-License-Identifier: GPL-2.0-only
/* What pipes and FIFOs hold, and how much they can. It is copied by tee(2), which takes nothing out. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>

#include "cr-dump/files.h"

/*
 * Empties our copy. A read ends at the end of a packet (O_DIRECT), so the lengths of packets are seen here; of a plain stream
 * all comes at once.
 */
static int drain(struct dump_ctx *ctx, int fd, struct pipe_content *c, struct err *e)
{
	for (size_t done = 0; done < c->data->bytes;) {
		ssize_t n = read(fd, c->bytes + done, c->data->bytes - done);

		if (n <= 0)
			return err_set(e, n < 0 ? errno : 0, "cannot read the copy of the pipe's content");
		*POOL_PUSH(&ctx->pool, c->data->packets, c->data->n_packets) = n;
		done += n;
	}
	return 0;
}

int pipe_content_save(struct dump_ctx *ctx, struct pipe_content *c, uint32_t id, int fd, int mode, struct err *e)
{
	_cleanup_close_ int out = -1, in = -1;
	int size = fcntl(fd, F_GETPIPE_SZ), bytes = 0, ends[2];
	ssize_t n;

	if (size < 0 || ioctl(fd, FIONREAD, &bytes))
		return err_set(e, errno, "cannot tell how full it is");
	c->data = POOL_MSG(&ctx->pool, PipeDataEntry, pipe_data_entry);
	c->data->pipe_id = id;
	c->data->has_size = true;
	c->data->size = size;
	if (!bytes || mode == O_WRONLY)
		return 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return err_set(e, errno, "cannot create a pipe");
	out = ends[0];
	in = ends[1];
	if (fcntl(in, F_GETPIPE_SZ) < size && fcntl(in, F_SETPIPE_SZ, size) < 0)
		return err_set(e, errno, "cannot create a pipe of %d bytes", size);
	n = tee(fd, in, INT_MAX, SPLICE_F_NONBLOCK);
	if (n != bytes)
		return err_set(e, n < 0 ? errno : 0, "copied %zd of the %d bytes that it holds", n, bytes);
	c->data->bytes = bytes;
	c->bytes = pool_alloc(&ctx->pool, bytes);
	return drain(ctx, out, c, e);
}

int pipe_content_put(struct pipe_content *c, struct img_writer *w, struct err *e)
{
	/* A single piece is a packet only when the pipe is in packet mode. */
	if (c->data->n_packets == 1 && !c->packets)
		c->data->n_packets = 0;
	return img_put(w, &c->data->base, e) || img_put_bytes(w, c->bytes, c->data->bytes, e) ? -1 : 0;
}
