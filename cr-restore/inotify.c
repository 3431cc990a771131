// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inotify instances. Their watches are set when the director has nothing open any more: the restore itself is no event. The
 * numbers of watches are what they were.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>

#include "cr-restore/fsnotify.h"

struct watch {
	const InotifyWdEntry *entry;
	struct watched on;
};

struct instance {
	uint32_t id;
	int fd;
	struct watch *watches; /* ascending */
	size_t nr;
	const InotifyFileEntry *entry;
	const InotifyQueueEntry *queue; /* what waited there */
};

struct inotifies {
	InotifyWdEntry **old; /* of the older images, which are beside the instances */
	size_t nr_old;
	struct instance *list;
	size_t nr;
};

static struct inotifies *state(struct restore_ctx *ctx)
{
	return ctx->files->kind[RESTORE_KIND_inotify];
}

static int add_old(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct inotifies *s = state(ctx);

	*POOL_PUSH(&ctx->pool, s->old, s->nr_old) = (InotifyWdEntry *)msg;
	return 0;
}

static void add_watch(struct restore_ctx *ctx, struct instance *in, const InotifyWdEntry *wd)
{
	struct watch *w = POOL_PUSH(&ctx->pool, in->watches, in->nr);

	*w = (struct watch){ wd, { wd->f_handle, wd->has_file_id, wd->file_id, wd->s_dev, wd->i_ino, -1 } };
	fsnotify_want(ctx, &w->on);
}

static int add_queue(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	const InotifyQueueEntry *q = (InotifyQueueEntry *)msg;
	struct inotifies *s = state(ctx);

	for (size_t i = 0; i < s->nr; i++)
		if (s->list[i].id == q->id)
			s->list[i].queue = q;
	return 0;
}

static int by_wd(const void *a, const void *b)
{
	const struct watch *x = a, *y = b;

	return x->entry->wd < y->entry->wd ? -1 : x->entry->wd > y->entry->wd;
}

static int inotify_load(struct restore_ctx *ctx, struct err *e)
{
	struct inotifies *s = ctx->files->kind[RESTORE_KIND_inotify] = pool_alloc(&ctx->pool, sizeof(*s));

	if (files_each(ctx, IMG_INOTIFY_WD, add_old, e))
		return -1;
	for (size_t i = 0; i < ctx->files->nr; i++) {
		const InotifyFileEntry *r = ctx->files->list[i].entry->ify;
		struct instance in = { .id = ctx->files->list[i].id, .fd = -1, .entry = r };

		if (!r)
			continue;
		for (size_t j = 0; j < r->n_wd; j++)
			add_watch(ctx, &in, r->wd[j]);
		for (size_t j = 0; j < s->nr_old; j++)
			if (s->old[j]->id == in.id)
				add_watch(ctx, &in, s->old[j]);
		if (in.nr)
			qsort(in.watches, in.nr, sizeof(*in.watches), by_wd);
		*POOL_PUSH(&ctx->pool, s->list, s->nr) = in;
	}
	return files_each(ctx, IMG_INOTIFY_QUEUE, add_queue, e);
}

static struct instance *find(struct restore_ctx *ctx, uint32_t id)
{
	struct inotifies *s = state(ctx);
	size_t i = 0;

	while (s->list[i].id != id)
		i++;
	return &s->list[i];
}

static int inotify_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const struct instance *in = find(ctx, f->id);

	for (size_t i = 0; i < in->nr; i++)
		fsnotify_check(ctx, f, &in->watches[i].on);
	return 0;
}

/* The images have what waited, unless the dump came to its end when the tree was dead already. */
static int fill_queue(struct restore_ctx *ctx, int fd, const struct instance *in, const InotifyFileEntry *r,
		      struct err *e)
{
	int ret = r->queued ? inotify_queue_fill(ctx, fd, in->queue, e) : 0;

	if (ret > 0)
		log_warn(
			"inotify instance %u: not all events in its queue could be made again; the program is told so (IN_Q_OVERFLOW)",
			r->id);
	return ret < 0 ? -1 : 0;
}

/* Events that wait have the numbers of watches that may be gone: no new one is to get these. */
static int pass_numbers(const struct instance *in, struct err *e)
{
	int last = in->nr ? (int)in->watches[in->nr - 1].entry->wd : 0, above = last;

	for (size_t i = 0; in->queue && i < in->queue->n_events; i++)
		if (in->queue->events[i]->wd > above && in->queue->events[i]->wd < INT32_MAX)
			above = in->queue->events[i]->wd;
	if (in->entry->queued && ioctl(in->fd, INOTIFY_IOC_SETNEXTWD, above + 1ul))
		return err_set(e, errno, "cannot choose the number of the next watch");
	return 0;
}

static int inotify_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	struct instance *in = find(ctx, f->id);
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0) {
		err_set(e, errno, "cannot create an inotify instance");
		return errno == EMFILE ? err_hint(e, "sysctl fs.inotify.max_user_instances allows more") : -1;
	}
	if (file_set_flags(fd, f->ify->flags, e) || fill_queue(ctx, fd, in, f->ify, e))
		return -1;
	in->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (in->fd < 0)
		return err_set(e, errno, "cannot keep an inotify instance");
	*fd_ret = take_fd(fd);
	return 0;
}

static int inotify_settle(struct restore_ctx *ctx, struct err *e)
{
	struct inotifies *s = state(ctx);

	for (size_t i = 0; i < s->nr; i++)
		for (size_t j = 0; s->list[i].fd >= 0 && j < s->list[i].nr; j++)
			if (fsnotify_hold(ctx, &s->list[i].watches[j].on, e))
				return -1;
	return 0;
}

static int set_watch(int fd, struct watch *w, struct err *e)
{
	_cleanup_close_ int inode = -1;
	char path[32];
	int wd;

	if (fsnotify_find(&w->on, &inode, path, sizeof(path), e))
		return -1;
	if (ioctl(fd, INOTIFY_IOC_SETNEXTWD, (unsigned long)w->entry->wd)) {
		err_set(e, errno, "cannot choose the number of watch %u", w->entry->wd);
		return errno == ENOTTY ? err_hint(e, "the kernel needs CONFIG_CHECKPOINT_RESTORE") : -1;
	}
	wd = inotify_add_watch(fd, path, w->entry->mask);
	if (wd < 0) {
		err_set(e, errno, "cannot set watch %u", w->entry->wd);
		return errno == ENOSPC ? err_hint(e, "sysctl fs.inotify.max_user_watches allows more") : -1;
	}
	close_fdp(&w->on.fd);
	w->on.fd = -1;
	return wd == (int)w->entry->wd ? 0 : err_set(e, 0, "watch %u became number %d", w->entry->wd, wd);
}

static int inotify_closed(struct restore_ctx *ctx, struct err *e)
{
	struct inotifies *s = state(ctx);

	for (size_t i = 0; i < s->nr; i++) {
		struct instance *in = &s->list[i];

		for (size_t j = 0; in->fd >= 0 && j < in->nr; j++)
			if (set_watch(in->fd, &in->watches[j], e))
				return err_in(e, "file %u", in->id);
		if (in->fd >= 0 && pass_numbers(in, e))
			return err_in(e, "file %u", in->id);
		close_fdp(&in->fd);
		in->fd = -1;
	}
	return 0;
}

const struct restore_kind restore_inotify = {
	.name = "inotify",
	.type = FD_TYPES__INOTIFY,
	.load = inotify_load,
	.check = inotify_check,
	.make = inotify_make,
	.settle = inotify_settle,
	.closed = inotify_closed,
};
