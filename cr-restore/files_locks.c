// SPDX-License-Identifier: GPL-2.0-only
/*
 * File locks: the task that had a lock takes it again, for it is the owner that others will see. A lease that somebody was breaking is
 * broken again, by the director, while the file has no owner who would get a signal for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "cr-restore/files.h"

/* Wire values of file_lock_entry.flag. */
enum { LOCK_POSIX = 1, LOCK_FLOCK = 2, LOCK_OFD = 4, LOCK_LEASE = 8 };
/* Added to the type of a lease: it has been asked to become this. */
#define LEASE_BREAKING 4

static int add_lock(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	FileLockEntry *l = (FileLockEntry *)msg;

	if (l->flag != LOCK_POSIX && l->flag != LOCK_FLOCK && l->flag != LOCK_OFD && l->flag != LOCK_LEASE)
		problem(ctx, NULL, "pid %d: fd %d has a file lock of an unknown sort (%u)", l->pid, l->fd, l->flag);
	*POOL_PUSH(&ctx->pool, ctx->files->locks, ctx->files->nr_locks) = l;
	return 0;
}

/* Who took it, and takes it again; NULL: nobody of the tree. */
static const struct rtask *taker_of(struct restore_ctx *ctx, const FileLockEntry *l)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->pid == l->pid)
			return ctx->tasks[i];
	return NULL;
}

/* There is no image when nobody had a lock, so that is noted with the descriptor as well. */
static int check_descriptor(struct restore_ctx *ctx, const struct rtask *t, const FdinfoEntry *fd, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; fd->locks && i < ctx->files->nr_locks; i++) {
		const struct rtask *taker = taker_of(ctx, ctx->files->locks[i]);

		n += taker && taker->table_of == t && ctx->files->locks[i]->fd == (int32_t)fd->fd;
	}
	if (fd->locks <= n)
		return 0;
	err_set(e, 0, "filelocks.img: locks of descriptor %u of process %d are missing", fd->fd, t->pid);
	return err_hint(e, "the directory must have all images of the dump");
}

/* The open file that a lock is on; NULL: no task has it. */
static struct ofile *file_of(struct restore_ctx *ctx, const FileLockEntry *l)
{
	const struct rtask *t = taker_of(ctx, l);

	for (size_t j = 0; t && j < t->nr_fds; j++)
		if (t->fds[j]->fd == (uint32_t)l->fd)
			return files_find(ctx, t->fds[j]->id);
	return NULL;
}

/* Taking a lease changes the owner of the file, so that is set at the end in any case. */
static void load_lease(struct restore_ctx *ctx, const FileLockEntry *l)
{
	struct ofile *of = file_of(ctx, l);

	if (of && of->entry->reg)
		of->signals = true;
	else
		problem(ctx, NULL, "pid %d: fd %d has a lease, but is no file", l->pid, l->fd);
}

int locks_load(struct restore_ctx *ctx, struct err *e)
{
	if (files_each(ctx, IMG_FILE_LOCKS, add_lock, e))
		return -1;
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		for (size_t j = 0; ctx->tasks[i]->table_of == ctx->tasks[i] && j < ctx->tasks[i]->nr_fds; j++)
			if (check_descriptor(ctx, ctx->tasks[i], ctx->tasks[i]->fds[j], e))
				return -1;
	for (size_t i = 0; i < ctx->files->nr_locks; i++)
		if (ctx->files->locks[i]->flag == LOCK_LEASE)
			load_lease(ctx, ctx->files->locks[i]);
	return 0;
}

/* Before it was asked to become less. A lease for reading is on files that are open for nothing else. */
static int original_type(struct restore_ctx *ctx, const FileLockEntry *l)
{
	if (!(l->type & LEASE_BREAKING))
		return l->type;
	if ((l->type & ~LEASE_BREAKING) == F_RDLCK)
		return F_WRLCK;
	return (file_of(ctx, l)->entry->reg->flags & O_ACCMODE) == O_RDONLY ? F_RDLCK : F_WRLCK;
}

/* None of them waits: a lock that somebody else has by now is an error. */
static int take(struct restore_ctx *ctx, struct rtask *t, struct prog *p, const FileLockEntry *l, struct err *e)
{
	struct flock fl = { .l_type = l->type, .l_whence = SEEK_SET, .l_start = l->start, .l_len = l->len };

	if (files_room(ctx, t, p, 1, sizeof(fl), e))
		return -1;
	if (l->flag == LOCK_LEASE)
		PROG(p, SYS_fcntl, l->fd, F_SETLEASE, original_type(ctx, l));
	else if (l->flag == LOCK_FLOCK)
		PROG(p, SYS_flock, l->fd, (l->type == F_RDLCK ? LOCK_SH : LOCK_EX) | LOCK_NB);
	else
		PROG(p, SYS_fcntl, l->fd, l->flag == LOCK_OFD ? F_OFD_SETLK : F_SETLK, prog_bytes(p, &fl, sizeof(fl)));
	return 0;
}

int locks_take(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	for (size_t i = 0; i < ctx->files->nr_locks; i++)
		if (ctx->files->locks[i]->pid == t->pid && take(ctx, t, p, ctx->files->locks[i], e))
			return -1;
	return 0;
}

static int break_lease(const struct ofile *of, const FileLockEntry *l, struct err *e)
{
	char path[32];
	int fd;

	if (fcntl(of->fd, F_SETOWN, 0))
		return err_set(e, errno, "cannot clear the owner of file %u", of->id);
	if (!(l->type & LEASE_BREAKING))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", of->fd);
	fd = open(path, ((l->type & ~LEASE_BREAKING) == F_RDLCK ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == EWOULDBLOCK)
		return 0;
	err_set(e, fd < 0 ? errno : 0, "pid %d: cannot break the lease of fd %d again", l->pid, l->fd);
	close_fdp(&fd);
	return -1;
}

int locks_break_leases(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->files->nr_locks; i++) {
		const FileLockEntry *l = ctx->files->locks[i];

		if (l->flag == LOCK_LEASE && break_lease(file_of(ctx, l), l, e))
			return -1;
	}
	return 0;
}
