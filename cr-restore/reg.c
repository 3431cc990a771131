// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever is opened again by its name: regular files, directories, memory devices, O_PATH descriptors. It must still be what it
 * was: same type, mode and size; a symbolic link that took its place is not followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/build_id.h"
#include "cr-restore/reg.h"

/* Only open(2) knows what to do with them, or they mean nothing afterwards; O_ASYNC is set later. */
#define NOT_REOPENED (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_ASYNC | O_CLOEXEC)
#define TMPFILE_BIT  (O_TMPFILE & ~O_DIRECTORY)

/* What is wrong with the file that has the name now, in buf; "" when nothing is. */
static void compare(const struct restore_ctx *ctx, const RegFileEntry *r, const struct stat *st, char *buf, size_t size,
		    const char **hint)
{
	uint32_t mode = r->has_mode ? r->mode : st->st_mode;

	*hint = NULL;
	*buf = '\0';
	if ((mode & S_IFMT) != (st->st_mode & S_IFMT)) {
		snprintf(buf, size, "it is of another type than at the dump (mode %o, not %o)", st->st_mode, mode);
	} else if (r->has_size && S_ISREG(st->st_mode) && (uint64_t)st->st_size != r->size) {
		snprintf(buf, size, "it has %ld bytes, not %lu as at the dump", st->st_size, r->size);
	} else if (mode != st->st_mode && !ctx->opts->skip_rwx_check) {
		snprintf(buf, size, "its mode is %o, not %o as at the dump", st->st_mode & 07777, mode & 07777);
		*hint = "--skip-file-rwx-check accepts that";
	}
}

/* Is it the same program or library? Where either has no build id, nobody can tell. */
static bool is_same_build(const struct restore_ctx *ctx, const RegFileEntry *r)
{
	uint32_t words[BUILD_ID_WORDS];
	_cleanup_close_ int fd = -1;
	size_t n;

	if (!r->n_build_id || ctx->opts->validate_size)
		return true;
	fd = open(r->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	n = fd < 0 ? 0 : build_id_read(fd, 0, words, BUILD_ID_WORDS);
	return !n || (n == r->n_build_id && !memcmp(words, r->build_id, n * sizeof(*words)));
}

/* "/proc/12/maps" of a process, or a thread, that is not born yet. */
static bool is_of_newborn(const struct restore_ctx *ctx, const char *name)
{
	long pid = strncmp(name, "/proc/", 6) ? 0 : strtol(name + 6, NULL, 10);

	for (size_t i = 0; pid && i < ctx->nr_tasks; i++) {
		if (ctx->tasks[i]->pid == pid)
			return true;
		for (size_t j = 0; j < ctx->tasks[i]->nr_threads; j++)
			if (ctx->tasks[i]->threads[j].tid == pid)
				return true;
	}
	return false;
}

static int reg_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const struct remap *m = remap_find(ctx, f->id);
	const RegFileEntry *r = f->reg;
	const char *hint;
	char why[256];
	struct stat st;

	if (m) {
		remap_check(ctx, m);
		return 0;
	}
	/* The second are our own images' names of what --external had said. */
	if ((r->has_ext && r->ext) || !strncmp(r->name, "/file[", 6)) {
		problem(ctx, "give one with --inherit-fd", "%s was not of the tree, and no descriptor is given for it",
			r->name + (*r->name == '/'));
		return 0;
	}
	if (is_of_newborn(ctx, r->name))
		return 0;
	if (lstat(r->name, &st)) {
		problem(ctx, errno == ENOENT ? "the file must be there as it was at the dump" : NULL, "%s: %s", r->name,
			strerror(errno));
		return 0;
	}
	compare(ctx, r, &st, why, sizeof(why), &hint);
	if (*why)
		problem(ctx, hint, "%s: %s", r->name, why);
	else if (!is_same_build(ctx, r))
		problem(ctx, "--file-validation filesize accepts that",
			"%s: it is another program or library than at the dump (by its build id)", r->name);
	return 0;
}

/* Is what was opened what the image means? */
static int verify(const struct restore_ctx *ctx, const RegFileEntry *r, int fd, struct err *e)
{
	const char *hint;
	char why[256];
	struct stat st;

	if (fstat(fd, &st))
		return err_set(e, errno, "cannot stat the file");
	compare(ctx, r, &st, why, sizeof(why), &hint);
	return *why ? err_set(e, 0, "%s", why) : 0;
}

/*
 * The fast way, for regular files and directories: the name was free of symbolic links when it was saved, and O_NONBLOCK keeps a FIFO
 * that took its place from blocking. -1 without an error when only the slow way will do.
 */
static int open_directly(const struct restore_ctx *ctx, const RegFileEntry *r, uint32_t flags)
{
	struct open_how how = { .flags = flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, .resolve = RESOLVE_NO_SYMLINKS };
	_cleanup_close_ int fd = -1;
	struct err ignored;

	if (flags & (O_PATH | O_NOFOLLOW) || !r->has_mode || !(S_ISREG(r->mode) || S_ISDIR(r->mode)))
		return -1;
	fd = syscall(SYS_openat2, AT_FDCWD, r->name, &how, sizeof(how));
	if (fd < 0 || verify(ctx, r, fd, &ignored) || file_set_flags(fd, flags, &ignored))
		return -1;
	return take_fd(fd);
}

static int path_of(const RegFileEntry *r, int *fd_ret, struct err *e)
{
	*fd_ret = open(r->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return *fd_ret < 0 ? err_set(e, errno, "cannot open the file") : 0;
}

/* The slow way looks at what it is before it is really opened: opening a FIFO or a device could block or do something. */
static int open_carefully(const struct restore_ctx *ctx, const RegFileEntry *r, uint32_t flags, struct err *e)
{
	_cleanup_close_ int path_fd = -1;
	char path[32];
	int fd;

	if (path_of(r, &path_fd, e))
		return -1;
	if (verify(ctx, r, path_fd, e))
		return -1;
	/* Through the descriptor, so that it is the file that was looked at; O_NOFOLLOW would stop there. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(flags & O_NOFOLLOW ? r->name : path, flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY));
	return fd < 0 ? err_set(e, errno, "cannot open the file with flags %#o", flags) : fd;
}

int reg_open_path(struct restore_ctx *ctx, const RegFileEntry *r, int *fd_ret, struct err *e)
{
	struct remap *m = remap_find(ctx, r->id);
	_cleanup_close_ int fd = -1;
	struct ghost *g = NULL;
	int theirs;

	if (!m && path_of(r, &fd, e))
		return -1;
	if (m) {
		if (remap_open(ctx, m, &g, &theirs, e))
			return -1;
		fd = fcntl(theirs, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return err_set(e, errno, "cannot duplicate a descriptor");
	}
	if (!g && verify(ctx, r, fd, e))
		return -1;
	*fd_ret = take_fd(fd);
	return 0;
}

/* The file has no name, or only one for the time of the restore. O_NOFOLLOW means nothing any more, but for links themselves. */
static int open_remapped(struct restore_ctx *ctx, struct remap *m, const RegFileEntry *r, uint32_t flags, struct err *e)
{
	struct ghost *g;
	char path[32];
	int path_fd, fd;

	if (remap_open(ctx, m, &g, &path_fd, e) || (!g && verify(ctx, r, path_fd, e)))
		return -1;
	if (g && g->tmpfile == r && g->tmpfile_fd >= 0) {
		fd = take_fd(g->tmpfile_fd);
		return file_set_flags(fd, flags, e) ? close(fd), -1 : fd;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	if (flags & O_PATH && flags & O_NOFOLLOW)
		fd = fcntl(path_fd, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(path, (flags & ~O_NOFOLLOW) | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY));
	return fd < 0 ? err_set(e, errno, "cannot open the file with flags %#o", flags) : fd;
}

static int open_named(const struct restore_ctx *ctx, const RegFileEntry *r, uint32_t flags, struct err *e)
{
	int fd = open_directly(ctx, r, flags);

	return fd < 0 ? open_carefully(ctx, r, flags, e) : fd;
}

static int reg_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	struct remap *m = remap_find(ctx, f->id);
	const RegFileEntry *r = f->reg;
	uint32_t flags = r->flags & ~NOT_REOPENED;

	/* A file made by O_TMPFILE that was given a name later still has the flag. */
	if (flags & TMPFILE_BIT)
		flags &= ~O_TMPFILE;
	_cleanup_close_ int fd = m ? open_remapped(ctx, m, r, flags, e) : open_named(ctx, r, flags, e);
	if (fd < 0)
		return -1;
	if (r->pos && lseek(fd, r->pos, SEEK_SET) < 0)
		return err_set(e, errno, "cannot set the offset to %lu", r->pos);
	*fd_ret = take_fd(fd);
	return 0;
}

const struct restore_kind restore_reg = {
	.name = "file",
	.type = FD_TYPES__REG,
	.load = remaps_load,
	.check = reg_check,
	.make = reg_make,
	.settle = remaps_settle,
};
