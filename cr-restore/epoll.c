// SPDX-License-Identifier: GPL-2.0-only
/*
 * Epoll instances. The director makes them empty; a task that has the instance and all its targets registers these, each
 * under the number it was added as: the kernel will know a target by that number.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "cr-restore/files.h"

/* Targets of the older images, which are beside the epoll files. */
struct epolls {
	EventpollTfdEntry **tfd;
	size_t nr;
};

static int add_old(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct epolls *s = ctx->files->kind[RESTORE_KIND_epoll];

	*POOL_PUSH(&ctx->pool, s->tfd, s->nr) = (EventpollTfdEntry *)msg;
	return 0;
}

static int epoll_load(struct restore_ctx *ctx, struct err *e)
{
	ctx->files->kind[RESTORE_KIND_epoll] = pool_alloc(&ctx->pool, sizeof(struct epolls));
	return files_each(ctx, IMG_EVENTPOLL_TFD, add_old, e);
}

static int epoll_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	_cleanup_close_ int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "cannot create an epoll instance");
	if (file_set_flags(fd, f->epfd->flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

static const FdinfoEntry *descriptor(const struct rtask *t, uint32_t number)
{
	size_t low = 0, high = t->nr_fds;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->fds[mid]->fd == number)
			return t->fds[mid];
		if (t->fds[mid]->fd < number)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The target has another number now: it gets the old one for the moment, whoever has that waits under a third. */
static void add_as(struct restore_ctx *ctx, struct rtask *t, struct prog *p, int epfd, uint32_t tfd, uint32_t as,
		   uint64_t event)
{
	const FdinfoEntry *other = descriptor(t, as);
	bool taken = other || (int)as == ctx->chan_task;
	uint32_t aside = 0;

	if (taken)
		aside = PROG(p, SYS_dup, as);
	PROG(p, SYS_dup3, tfd, as, 0);
	PROG(p, SYS_epoll_ctl, epfd, EPOLL_CTL_ADD, as, event);
	if (!taken) {
		PROG(p, SYS_close, as);
		return;
	}
	PROG(p, SYS_dup3, 0, as, other && other->flags & FD_CLOEXEC ? O_CLOEXEC : 0);
	prog_ref(p, 0, aside);
	PROG(p, SYS_close, 0);
	prog_ref(p, 0, aside);
}

static int add(struct restore_ctx *ctx, struct rtask *t, struct prog *p, int epfd, const EventpollTfdEntry *e_tfd,
	       struct err *e)
{
	struct epoll_event ev = { .events = e_tfd->events, .data.u64 = e_tfd->data };
	uint64_t event;

	if (files_room(ctx, t, p, 6, sizeof(ev), e))
		return -1;
	event = prog_bytes(p, &ev, sizeof(ev));
	if (e_tfd->has_added_as && e_tfd->added_as != e_tfd->tfd)
		add_as(ctx, t, p, epfd, e_tfd->tfd, e_tfd->added_as, event);
	else
		PROG(p, SYS_epoll_ctl, epfd, EPOLL_CTL_ADD, e_tfd->tfd, event);
	return 0;
}

static size_t own_descriptors(const struct rtask *t, uint32_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < t->nr_fds; i++)
		n += t->fds[i]->id == id;
	return n;
}

/* 1: the task has all targets; 0: it has not, but another may; -1: nobody has. */
static int has_targets(struct restore_ctx *ctx, const struct rtask *t, const FileEntry *f, struct err *e)
{
	for (size_t i = 0; i < f->epfd->n_tfd; i++) {
		if (descriptor(t, f->epfd->tfd[i]->tfd))
			continue;
		if (files_find(ctx, f->id)->users > own_descriptors(t, f->id))
			return 0;
		return err_set(e, 0, "its target %u is not open in any task that has it", f->epfd->tfd[i]->tfd);
	}
	return 1;
}

static int epoll_finish(struct restore_ctx *ctx, struct rtask *t, const FdinfoEntry *fd, const FileEntry *f,
			struct prog *p, struct err *e)
{
	const struct epolls *old = ctx->files->kind[RESTORE_KIND_epoll];
	struct ofile *of = files_find(ctx, f->id);
	int can = of->finished ? 0 : has_targets(ctx, t, f, e);

	if (can <= 0)
		return can;
	of->finished = true;
	for (size_t i = 0; i < f->epfd->n_tfd; i++)
		if (add(ctx, t, p, fd->fd, f->epfd->tfd[i], e))
			return -1;
	for (size_t i = 0; i < old->nr; i++)
		if (old->tfd[i]->id == f->id && add(ctx, t, p, fd->fd, old->tfd[i], e))
			return -1;
	return 0;
}

const struct restore_kind restore_epoll = {
	.name = "epoll",
	.type = FD_TYPES__EVENTPOLL,
	.load = epoll_load,
	.make = epoll_make,
	.finish = epoll_finish,
};
