// SPDX-License-Identifier: GPL-2.0-only
/*
 * --inherit-fd fd[N]:KEY: a descriptor that this command was started with takes the place of an open file of the tree, which is named
 * by what /proc showed for it: pipe:[INODE], socket:[INODE], a path, file[MNT:INODE], tty[RDEV:DEV] (tty.c). It comes with an offset,
 * options and content of its own; what the images have is not used.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr-restore/files.h"

#define MADE_BY_OPEN 0100000 /* O_LARGEFILE, which pipe2(2) does not set */

struct inherited {
	const char *key; /* a path without its first slash */
	int fd;
	int flags;
	bool used;
};

#define KEY_MAX 300 /* a memfd's name has 249 bytes at most */

struct inheritance {
	struct inherited *list;
	size_t nr;
};

static const char *without_slash(const char *path)
{
	return *path == '/' ? path + 1 : path;
}

static int parse(const char *arg, struct inherited *in, struct err *e)
{
	int end = 0;

	if (sscanf(arg, "fd[%d]:%n", &in->fd, &end) != 1 || !end || !arg[end])
		return err_set(e, 0, "--inherit-fd wants fd[N]:KEY, not \"%s\"", arg);
	in->flags = fcntl(in->fd, F_GETFL);
	if (in->flags < 0)
		return err_set(e, errno, "--inherit-fd %s: descriptor %d is not open", arg, in->fd);
	in->key = without_slash(arg + end);
	return 0;
}

int inherit_load(struct restore_ctx *ctx, struct err *e)
{
	const struct opt_list *opt = &ctx->opts->inherit_fd;
	struct inheritance *s = ctx->files->inheritance = pool_alloc(&ctx->pool, sizeof(*s));
	struct inherited in = { 0 };

	for (size_t i = 0; i < opt->nr; i++) {
		if (parse(opt->items[i], &in, e))
			return -1;
		*POOL_PUSH(&ctx->pool, s->list, s->nr) = in;
	}
	return 0;
}

/* What a user calls the file; NULL when it has no such name. */
static const char *key_of(struct restore_ctx *ctx, const FileEntry *f, char *buf, size_t size)
{
	const struct ofile *file;

	switch (f->type) {
	case FD_TYPES__REG:
		return without_slash(f->reg->name);
	case FD_TYPES__FIFO:
		file = f->fifo->has_regf_id ? files_find(ctx, f->fifo->regf_id) : NULL;
		return file && file->entry->reg ? without_slash(file->entry->reg->name) : NULL;
	case FD_TYPES__PIPE:
		snprintf(buf, size, "pipe:[%u]", f->pipe->pipe_id);
		return buf;
	case FD_TYPES__MEMFD:
		snprintf(buf, size, "memfd:%s", memfd_name(ctx, f) ?: "");
		return buf;
	case FD_TYPES__UNIXSK:
		snprintf(buf, size, "socket:[%u]", f->usk->ino);
		return buf;
	case FD_TYPES__INETSK:
		snprintf(buf, size, "socket:[%u]", f->isk->ino);
		return buf;
	default:
		return NULL;
	}
}

static struct inherited *find(const struct inheritance *s, const char *key, int mode)
{
	for (size_t i = 0; key && i < s->nr; i++)
		if (!strcmp(s->list[i].key, key) && (mode < 0 || (s->list[i].flags & O_ACCMODE) == mode))
			return &s->list[i];
	return NULL;
}

bool inherit_wants(struct restore_ctx *ctx, const FileEntry *f)
{
	char buf[KEY_MAX];

	return ctx->files->inheritance->nr && find(ctx->files->inheritance, key_of(ctx, f, buf, sizeof(buf)), -1);
}

int inherit_fd(struct restore_ctx *ctx, const char *key)
{
	struct inherited *in = find(ctx->files->inheritance, key, -1);

	if (!in)
		return -1;
	in->used = true;
	return in->fd;
}

static uint32_t flags_of(struct restore_ctx *ctx, const FileEntry *f)
{
	return file_flags(f->fifo && f->fifo->has_regf_id ? files_find(ctx, f->fifo->regf_id)->entry : f);
}

/* How much is in the images that nobody will read. */
static uint32_t lost(const FileEntry *f)
{
	return f->pipe ? f->pipe->queued : f->fifo ? f->fifo->queued : f->usk ? f->usk->queued : 0;
}

void inherit_check(struct restore_ctx *ctx, const struct ofile *of)
{
	const FileEntry *f = of->entry;
	uint32_t flags = flags_of(ctx, f);
	char buf[KEY_MAX];
	const char *key = key_of(ctx, f, buf, sizeof(buf));
	struct inherited *in = find(ctx->files->inheritance, key, flags & O_ACCMODE);

	if (!in)
		problem(ctx, NULL, "--inherit-fd gives no descriptor for %s that is open in the same way (%#o)", key,
			flags & O_ACCMODE);
	else if (f->pipe && flags & MADE_BY_OPEN)
		problem(ctx, NULL,
			"%s was opened once more through /proc: --inherit-fd cannot give it a second open file", key);
	else if (f->memfd && !of->held)
		problem(ctx, NULL, "%s is mapped: --inherit-fd cannot put another in its place", key);
	else if (lost(f))
		log_warn("%s: the %u %s that were in it are not in the one that --inherit-fd gives", key, lost(f),
			 f->usk ? "messages" : "bytes");
}

int inherit_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	uint32_t flags = flags_of(ctx, f);
	char buf[KEY_MAX];
	const char *key = key_of(ctx, f, buf, sizeof(buf));
	struct inherited *in = find(ctx->files->inheritance, key, flags & O_ACCMODE);

	if (!in)
		return err_set(e, 0, "--inherit-fd gives no descriptor for %s", key);
	in->used = true;
	_cleanup_close_ int fd = fcntl(in->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, errno, "cannot duplicate descriptor %d", in->fd);
	if (!(flags & O_PATH) && file_set_flags(fd, flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

void inherit_end(struct restore_ctx *ctx)
{
	const struct inheritance *s = ctx->files->inheritance;

	for (size_t i = 0; i < s->nr; i++)
		if (!s->list[i].used)
			log_warn("--inherit-fd fd[%d]:%s: the tree has no such open file", s->list[i].fd,
				 s->list[i].key);
}
