// SPDX-License-Identifier: GPL-2.0-only
/* Finds the inodes that are watched, opening nothing but with O_PATH: that makes no events. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/handle.h"
#include "cr-restore/fsnotify.h"
#include "cr-restore/reg.h"

void fsnotify_want(struct restore_ctx *ctx, const struct watched *w)
{
	struct ofile *of = w->has_file_id ? files_find(ctx, w->file_id) : NULL;

	if (of)
		of->users++;
}

/* A handle means something on the file system only that it is from: the device must be the same. */
static int open_handle(const FhEntry *fh, uint32_t s_dev)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int fd = -1;

	errno = ENOENT;
	if (!fh->bytes || fh->bytes > MAX_HANDLE_SZ || fh->bytes > fh->n_handle * sizeof(*fh->handle))
		return -1;
	f = fopen("/proc/self/mountinfo", "re");
	while (fd < 0 && f && getline(&line, &size, f) > 0) {
		unsigned int major, minor;
		char path[4097];

		if (sscanf(line, "%*d %*d %u:%u %*s %4096s", &major, &minor, path) == 3 &&
		    (major << 20 | minor) == s_dev)
			fd = handle_open(path, fh->type, fh->handle, fh->bytes);
	}
	return fd;
}

/* By its name or its handle. A name that is there is what counts: it can be changed in the image. */
static int open_watched(const struct watched *w)
{
	int fd = -1;

	if (w->handle->path)
		fd = open(w->handle->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? open_handle(w->handle, w->s_dev) : fd;
}

static void find_ghost(struct restore_ctx *ctx, struct watched *w)
{
	const struct regs *s = ctx->files->kind[RESTORE_KIND_reg];
	const struct ghost *ghost = NULL;

	for (size_t i = 0; i < s->nr_ghosts && !ghost; i++)
		if (s->ghosts[i].entry->ino == w->ino && s->ghosts[i].entry->dev == w->s_dev)
			ghost = &s->ghosts[i];
	for (size_t i = 0; ghost && i < s->nr_remaps && !w->has_file_id; i++) {
		w->has_file_id = s->remaps[i].type == REMAP_TYPE__GHOST && s->remaps[i].target == ghost->id;
		w->file_id = s->remaps[i].id;
	}
	fsnotify_want(ctx, w);
}

void fsnotify_check(struct restore_ctx *ctx, const FileEntry *f, struct watched *w)
{
	_cleanup_close_ int fd = -1;

	if (!w->has_file_id && !w->handle->path)
		find_ghost(ctx, w);
	if (w->has_file_id) {
		const struct ofile *of = files_find(ctx, w->file_id);

		if (!of || !of->kind)
			problem(ctx, NULL, "file %u watches file %u, which is not in the images", f->id, w->file_id);
		return;
	}
	fd = open_watched(w);
	if (fd >= 0)
		return;
	if (w->handle->path)
		problem(ctx, "the file must be there as it was at the dump", "%s, which was watched: %s",
			w->handle->path, strerror(errno));
	else
		problem(ctx, NULL,
			"file %u watches a file on device %u:%u that has no name and is not found by its handle: %s",
			f->id, w->s_dev >> 20, w->s_dev & 0xfffff, strerror(errno));
}

static int open_again(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_PATH | O_CLOEXEC);
}

int fsnotify_hold(struct restore_ctx *ctx, struct watched *w, struct err *e)
{
	int fd;

	if (!w->has_file_id || w->fd >= 0)
		return 0;
	if (files_get(ctx, w->file_id, &fd, e))
		return -1;
	w->fd = open_again(fd);
	return w->fd < 0 ? err_set(e, errno, "cannot get hold of file %u, which is watched", w->file_id) : 0;
}

int fsnotify_find(const struct watched *w, int *fd_ret, char *path, size_t size, struct err *e)
{
	*fd_ret = w->fd >= 0 ? dup(w->fd) : open_watched(w);
	if (*fd_ret < 0)
		return err_set(e, errno, "cannot find %s",
			       w->handle->path ? w->handle->path : "a file that is watched");
	snprintf(path, size, "/proc/self/fd/%d", *fd_ret);
	return 0;
}
