// SPDX-License-Identifier: GPL-2.0-only
/* File locks: the task that had a lock takes it again, for it is the owner that others will see. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "cr-restore/files.h"

/* Wire values of file_lock_entry.flag. */
enum { LOCK_POSIX = 1, LOCK_FLOCK = 2, LOCK_LEASE = 32, LOCK_OFD = 1024 };

static int add_lock(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	FileLockEntry *l = (FileLockEntry *)msg;

	if (l->flag == LOCK_LEASE)
		problem(ctx, NULL, "pid %d: fd %d has a lease, which this version cannot restore", l->pid, l->fd);
	else if (l->flag != LOCK_POSIX && l->flag != LOCK_FLOCK && l->flag != LOCK_OFD)
		problem(ctx, NULL, "pid %d: fd %d has a file lock of an unknown sort (%u)", l->pid, l->fd, l->flag);
	*POOL_PUSH(&ctx->pool, ctx->files->locks, ctx->files->nr_locks) = l;
	return 0;
}

/* There is no image when nobody had a lock, so that is noted with the descriptor as well. */
static int check_descriptor(struct restore_ctx *ctx, const struct rtask *t, const FdinfoEntry *fd, struct err *e)
{
	size_t n = 0;

	if (!fd->locks)
		return 0;
	for (size_t i = 0; i < ctx->files->nr_locks; i++)
		n += ctx->files->locks[i]->pid == t->pid && ctx->files->locks[i]->fd == (int32_t)fd->fd;
	if (fd->locks <= n)
		return 0;
	err_set(e, 0, "filelocks.img: locks of descriptor %u of process %d are missing", fd->fd, t->pid);
	return err_hint(e, "the directory must have all images of the dump");
}

int locks_load(struct restore_ctx *ctx, struct err *e)
{
	if (files_each(ctx, IMG_FILE_LOCKS, add_lock, e))
		return -1;
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		for (size_t j = 0; j < ctx->tasks[i]->nr_fds; j++)
			if (check_descriptor(ctx, ctx->tasks[i], ctx->tasks[i]->fds[j], e))
				return -1;
	return 0;
}

/* None of them waits: a lock that somebody else has by now is an error. */
static int take(struct restore_ctx *ctx, struct rtask *t, struct prog *p, const FileLockEntry *l, struct err *e)
{
	struct flock fl = { .l_type = l->type, .l_whence = SEEK_SET, .l_start = l->start, .l_len = l->len };

	if (files_room(ctx, t, p, 1, sizeof(fl), e))
		return -1;
	if (l->flag == LOCK_FLOCK)
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
