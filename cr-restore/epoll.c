// SPDX-License-Identifier: GPL-2.0-only
/*
 * Epoll instances. The director makes them empty; a task that has the instance and all its targets registers these, each
 * under the number it was added as: the kernel will know a target by that number.
 *
 * A target with EPOLLONESHOT that has fired is disarmed, which epoll_ctl(2) cannot say: errors and hang-ups are always armed. It
 * is made to fire once more, unseen, by whatever it is ready for; an empty pipe gets a byte for that moment. What cannot be made
 * ready (a listening socket, the write end of a full pipe) stays armed for errors and hang-ups.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

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

static size_t own_descriptors(const struct rtask *t, uint32_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < t->nr_fds; i++)
		n += t->fds[i]->id == id;
	return n;
}

static bool in_a_table(const struct restore_ctx *ctx, uint32_t id)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (own_descriptors(ctx->tasks[i], id))
			return true;
	return false;
}

/* In CRIU's images targets are descriptors only. Of an instance that waits in the queue of a socket they are those of some task. */
static int find_targets(struct restore_ctx *ctx, EventpollFileEntry *r, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		size_t n = 0;

		while (n < r->n_tfd && files_descriptor(ctx->tasks[i], r->tfd[n]->tfd))
			n++;
		if (n < r->n_tfd)
			continue;
		for (size_t j = 0; j < r->n_tfd; j++) {
			r->tfd[j]->has_file_id = true;
			r->tfd[j]->file_id = files_descriptor(ctx->tasks[i], r->tfd[j]->tfd)->id;
		}
		return 0;
	}
	return err_set(e, 0, "no task has all the targets of epoll instance %u, which no task has either", r->id);
}

static int epoll_load(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;

	fs->kind[RESTORE_KIND_epoll] = pool_alloc(&ctx->pool, sizeof(struct epolls));
	for (size_t i = 0; i < fs->nr; i++) {
		EventpollFileEntry *r = fs->list[i].entry->epfd;

		if (r && r->n_tfd && !r->tfd[0]->has_file_id && !in_a_table(ctx, r->id) && find_targets(ctx, r, e))
			return -1;
	}
	return files_each(ctx, IMG_EVENTPOLL_TFD, add_old, e);
}

/*
 * No task has the instance and all its targets: a child of the director, which has all that it has, gives each target its number
 * for the moment. The instance keeps them when the child is gone. Returns 0 or an error number.
 */
static int add_in_child(int epfd, const EventpollTfdEntry *t, int target)
{
	struct clone_args a = { .exit_signal = SIGCHLD };
	struct epoll_event ev = { .events = t->events, .data.u64 = t->data };
	int status = 0;
	long child;

	/* Its own number must not be the one that is wanted. */
	_cleanup_close_ int ep = fcntl(epfd, F_DUPFD_CLOEXEC, t->tfd + 1);
	if (ep < 0)
		return errno;
	child = syscall(SYS_clone3, &a, sizeof(a));
	if (!child) {
		bool bad = (target != (int)t->tfd && dup2(target, t->tfd) < 0) ||
			   epoll_ctl(ep, EPOLL_CTL_ADD, t->tfd, &ev);

		syscall(SYS_exit_group, bad ? errno : 0);
	}
	if (child < 0)
		return errno;
	while (waitpid(child, &status, __WALL) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

static int add_here(struct restore_ctx *ctx, const FileEntry *f, int epfd, struct err *e)
{
	for (size_t i = 0; i < f->epfd->n_tfd; i++) {
		const EventpollTfdEntry *t = f->epfd->tfd[i];
		int target, errnum;

		if (!t->has_file_id)
			continue;
		files_find(ctx, f->id)->finished = true;
		if (files_get(ctx, t->file_id, &target, e))
			return err_in(e, "a target");
		errnum = add_in_child(epfd, t, target);
		if (errnum)
			return err_set(e, errnum, "cannot register its target %u", t->tfd);
	}
	return 0;
}

static int epoll_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	_cleanup_close_ int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "cannot create an epoll instance");
	if (file_set_flags(fd, f->epfd->flags, e) || add_here(ctx, f, fd, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

/* The target has another number now: it gets the old one for the moment, whoever has that waits under a third. */
static void control_as(struct restore_ctx *ctx, struct rtask *t, struct prog *p, int epfd, int op, uint32_t tfd,
		       uint32_t as, uint64_t event)
{
	const FdinfoEntry *other = files_descriptor(t, as);
	bool taken = other || (int)as == ctx->chan_task;
	uint32_t aside = 0;

	if (taken)
		aside = PROG(p, SYS_dup, as);
	PROG(p, SYS_dup3, tfd, as, 0);
	PROG(p, SYS_epoll_ctl, epfd, op, as, event);
	if (!taken) {
		PROG(p, SYS_close, as);
		return;
	}
	PROG(p, SYS_dup3, 0, as, other && other->flags & FD_CLOEXEC ? O_CLOEXEC : 0);
	prog_ref(p, 0, aside);
	PROG(p, SYS_close, 0);
	prog_ref(p, 0, aside);
}

static int control(struct restore_ctx *ctx, struct rtask *t, struct prog *p, int epfd, int op,
		   const EventpollTfdEntry *e_tfd, uint32_t events, struct err *e)
{
	struct epoll_event ev = { .events = events, .data.u64 = e_tfd->data };
	uint64_t event;

	if (files_room(ctx, t, p, 6, sizeof(ev), e))
		return -1;
	event = prog_bytes(p, &ev, sizeof(ev));
	if (e_tfd->has_added_as && e_tfd->added_as != e_tfd->tfd)
		control_as(ctx, t, p, epfd, op, e_tfd->tfd, e_tfd->added_as, event);
	else
		PROG(p, SYS_epoll_ctl, epfd, op, e_tfd->tfd, event);
	return 0;
}

/* --- targets that have fired -------------------------------------------------------------------------------- */

/* What stays when EPOLLONESHOT disarms a target. */
#define PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define ANYTHING     (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP)

static bool has_fired(const EventpollTfdEntry *e_tfd)
{
	return e_tfd->events & EPOLLONESHOT && !(e_tfd->events & ~PRIVATE_BITS);
}

/* Arms it for anything and takes the event, if there is one: nothing else in the instance is armed yet. */
static int fire(struct restore_ctx *ctx, struct rtask *t, struct prog *p, int epfd, int op,
		const EventpollTfdEntry *e_tfd, bool *fired_ret, struct err *e)
{
	struct epoll_event ev;
	uint32_t wait;

	if (control(ctx, t, p, epfd, op, e_tfd, e_tfd->events | ANYTHING, e) || files_room(ctx, t, p, 1, sizeof(ev), e))
		return -1;
	wait = PROG(p, SYS_epoll_wait, epfd, prog_room(p, sizeof(ev), NULL), 1, 0);
	if (agent_run(ctx, t, p, e))
		return -1;
	*fired_ret = prog_result(p, wait) == 1;
	agent_begin(t, p);
	return 0;
}

/* Both ends of an empty pipe, for as long as a byte of ours is in it. -1: it is no pipe. */
static int fill_pipe(struct restore_ctx *ctx, const struct rtask *t, uint32_t tfd)
{
	const struct ofile *of = files_find(ctx, files_descriptor(t, tfd)->id);
	struct err ignored;
	int fd;

	if ((of->entry->type != FD_TYPES__PIPE && of->entry->type != FD_TYPES__FIFO) || of->fd < 0 ||
	    file_reopen(of->fd, O_RDWR | O_NONBLOCK, &fd, &ignored))
		return -1;
	if (write(fd, "", 1) == 1)
		return fd;
	close(fd);
	return -1;
}

static int add_fired(struct restore_ctx *ctx, struct rtask *t, struct prog *p, int epfd, const EventpollTfdEntry *e_tfd,
		     struct err *e)
{
	bool fired;
	char byte;
	int fd, ret;

	if (fire(ctx, t, p, epfd, EPOLL_CTL_ADD, e_tfd, &fired, e))
		return -1;
	if (fired)
		return 0;
	fd = fill_pipe(ctx, t, e_tfd->tfd);
	if (fd >= 0) {
		ret = fire(ctx, t, p, epfd, EPOLL_CTL_MOD, e_tfd, &fired, e);
		if (read(fd, &byte, 1) != 1)
			ret = ret ? -1 : err_set(e, errno, "cannot take a byte from a pipe again");
		close(fd);
		if (ret || fired)
			return ret;
	}
	return control(ctx, t, p, epfd, EPOLL_CTL_MOD, e_tfd, e_tfd->events, e);
}

/* --- registration ------------------------------------------------------------------------------------------- */

static int add(struct restore_ctx *ctx, struct rtask *t, struct prog *p, int epfd, const EventpollTfdEntry *e_tfd,
	       bool fired, struct err *e)
{
	if (has_fired(e_tfd) != fired)
		return 0;
	return fired ? add_fired(ctx, t, p, epfd, e_tfd, e) :
		       control(ctx, t, p, epfd, EPOLL_CTL_ADD, e_tfd, e_tfd->events, e);
}

/* 1: the task has all targets; 0: it has not, but another may; -1: nobody has. */
static int has_targets(struct restore_ctx *ctx, const struct rtask *t, const FileEntry *f, struct err *e)
{
	for (size_t i = 0; i < f->epfd->n_tfd; i++) {
		if (files_descriptor(t, f->epfd->tfd[i]->tfd))
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
	for (int fired = 1; fired >= 0; fired--) {
		for (size_t i = 0; i < f->epfd->n_tfd; i++)
			if (add(ctx, t, p, fd->fd, f->epfd->tfd[i], fired, e))
				return -1;
		for (size_t i = 0; i < old->nr; i++)
			if (old->tfd[i]->id == f->id && add(ctx, t, p, fd->fd, old->tfd[i], fired, e))
				return -1;
	}
	return 0;
}

const struct restore_kind restore_epoll = {
	.name = "epoll",
	.type = FD_TYPES__EVENTPOLL,
	.load = epoll_load,
	.make = epoll_make,
	.finish = epoll_finish,
};
