// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events that a program has not read from its inotify instance. To look at them is to take them away, so they are left alone until the
 * tree is dead, the checkpoint complete: then we alone have the instances still. Of the ends of the killed processes the queue tells
 * too, behind what was there before.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cr-dump/fsnotify.h"
#include "cr-dump/task.h"

struct inotify_queue {
	uint32_t id;
	int fd;
	size_t bytes;
};

int inotify_queue_note(struct dump_ctx *ctx, const struct open_file *of, int fd, InotifyFileEntry *r, struct err *e)
{
	struct files *fs = files_of(ctx);
	struct inotify_queue q = { .id = of->id };
	int bytes;

	if (ioctl(fd, FIONREAD, &bytes))
		return err_set(e, errno, "cannot tell whether it has events");
	if (!bytes)
		return 0;
	q.bytes = bytes;
	PB_SET(r, queued, q.bytes);
	q.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (q.fd < 0)
		return err_set(e, errno, "cannot keep the inotify instance");
	*POOL_PUSH(&ctx->pool, fs->inotify_queues, fs->nr_inotify_queues) = q;
	return 0;
}

/* An older dump into the same directory may have left one. */
int inotify_queues_forget(struct dump_ctx *ctx, struct err *e)
{
	char name[32];

	img_name(IMG_INOTIFY_QUEUE, 0, name, sizeof(name));
	if (unlinkat(ctx->images_fd, name, 0) && errno != ENOENT)
		return err_set(e, errno, "cannot remove the %s of an earlier dump", name);
	return 0;
}

static void add_events(struct dump_ctx *ctx, InotifyQueueEntry *r, const char *buf, ssize_t n)
{
	struct inotify_event ev;

	for (ssize_t at = 0; at + (ssize_t)sizeof(ev) <= n; at += sizeof(ev) + ev.len) {
		InotifyEventEntry *v = POOL_MSG(&ctx->pool, InotifyEventEntry, inotify_event_entry);

		memcpy(&ev, buf + at, sizeof(ev));
		PB_SET(v, wd, ev.wd);
		PB_SET(v, mask, ev.mask);
		if (ev.cookie)
			PB_SET(v, cookie, ev.cookie);
		if (ev.len)
			v->name = pool_str(&ctx->pool, buf + at + sizeof(ev));
		*POOL_PUSH(&ctx->pool, r->events, r->n_events) = v;
	}
}

static int save(struct dump_ctx *ctx, const struct inotify_queue *q, struct img_writer *w, struct err *e)
{
	InotifyQueueEntry r = INOTIFY_QUEUE_ENTRY__INIT;
	_cleanup_free_ char *buf = malloc(q->bytes);
	ssize_t n = buf ? read(q->fd, buf, q->bytes) : -1;

	if (n < 0)
		return err_set(e, buf ? errno : ENOMEM, "cannot read the events of inotify instance %u", q->id);
	PB_SET(&r, id, q->id);
	add_events(ctx, &r, buf, n);
	return img_put(w, &r.base, e);
}

int inotify_queues_save(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	struct files *fs = files_of(ctx);

	if (!fs->nr_inotify_queues)
		return 0;
	if (img_create(ctx->images_fd, IMG_INOTIFY_QUEUE, 0, &w, e))
		return -1;
	for (size_t i = 0; i < fs->nr_inotify_queues; i++)
		if (save(ctx, &fs->inotify_queues[i], w, e))
			return -1;
	if (img_finish(&w, e))
		return -1;
	return syncfs(ctx->images_fd) ? err_set(e, errno, "cannot write the images to disk") : 0;
}
