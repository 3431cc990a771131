// SPDX-License-Identifier: GPL-2.0-only
/*
 * --inherit-fd fd[N]:KEY: a descriptor that this command was started with takes the place of an open file of the tree, which is named
 * by what /proc showed for it: pipe:[INODE], socket:[INODE], a path, file[MNT:INODE].
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr-restore/files.h"

struct inherited {
	const char *key; /* a path without its first slash */
	int fd;
};

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
	if (fcntl(in->fd, F_GETFD) < 0)
		return err_set(e, errno, "--inherit-fd %s: descriptor %d is not open", arg, in->fd);
	in->key = without_slash(arg + end);
	return 0;
}

int inherit_load(struct restore_ctx *ctx, struct err *e)
{
	const struct opt_list *opt = &ctx->opts->inherit_fd;
	struct inheritance *s = ctx->files->inheritance = pool_alloc(&ctx->pool, sizeof(*s));
	struct inherited in;

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

static const struct inherited *find(const struct inheritance *s, const char *key, int mode)
{
	for (size_t i = 0; key && i < s->nr; i++)
		if (!strcmp(s->list[i].key, key) && (mode < 0 || (fcntl(s->list[i].fd, F_GETFL) & O_ACCMODE) == mode))
			return &s->list[i];
	return NULL;
}

bool inherit_wants(struct restore_ctx *ctx, const FileEntry *f)
{
	char buf[32];

	return ctx->files->inheritance->nr && find(ctx->files->inheritance, key_of(ctx, f, buf, sizeof(buf)), -1);
}

int inherit_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	uint32_t flags = file_flags(f->fifo && f->fifo->has_regf_id ? files_find(ctx, f->fifo->regf_id)->entry : f);
	const struct inherited *in;
	char buf[32];
	const char *key = key_of(ctx, f, buf, sizeof(buf));

	in = find(ctx->files->inheritance, key, flags & O_ACCMODE);
	if (!in)
		return err_set(e, 0, "--inherit-fd gives no descriptor for %s that is open in the same way (%#o)", key,
			       flags & O_ACCMODE);
	_cleanup_close_ int fd = fcntl(in->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, errno, "cannot duplicate descriptor %d", in->fd);
	if (!(flags & O_PATH) && file_set_flags(fd, flags, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}
