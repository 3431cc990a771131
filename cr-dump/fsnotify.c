// SPDX-License-Identifier: GPL-2.0-only
/*
 * How to find the inodes again that are watched: by a descriptor that the tree has of it, by a name that its handle leads to, by
 * a name found by a scan of directories (--irmap-scan-path). None of it makes an event: nothing on the way is opened but
 * with O_PATH, and but for the directories that are scanned.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "base/handle.h"
#include "cr-dump/fsnotify.h"

#define HANDLE_WORDS 16 /* that the format always has */

struct fsnotify {
	struct mount_point *mounts;
	size_t nr_mounts;
	struct watched *list;
	size_t nr, nr_resolved;
};

static struct fsnotify *state(struct dump_ctx *ctx)
{
	void **s = &files_of(ctx)->kind[DUMP_KIND_inotify];

	if (!*s)
		*s = pool_alloc(&ctx->pool, sizeof(struct fsnotify));
	return *s;
}

dev_t fsnotify_dev(uint32_t s_dev)
{
	return makedev(s_dev >> 20, s_dev & 0xfffff);
}

int fsnotify_handle(struct dump_ctx *ctx, const char *text, FhEntry **ret, struct err *e)
{
	FhEntry *fh = *ret = POOL_MSG(&ctx->pool, FhEntry, fh_entry);
	unsigned char bytes[HANDLE_WORDS * sizeof(uint64_t)] = { 0 };
	int at = 0;

	fh->n_handle = HANDLE_WORDS;
	fh->handle = pool_alloc(&ctx->pool, sizeof(bytes));
	if (sscanf(text, "fhandle-bytes:%x fhandle-type:%x f_handle:%n", &fh->bytes, &fh->type, &at) < 2 || !at)
		return 0;
	if (fh->bytes > sizeof(bytes))
		return err_set(e, 0, "a watched inode has a handle of %u bytes, which is more than there can be",
			       fh->bytes);
	for (uint32_t i = 0; i < fh->bytes; i++)
		if (sscanf(text + at + 2 * i, "%2hhx", &bytes[i]) != 1)
			return err_set(e, 0, "fdinfo has a handle that is no hexadecimal number");
	memcpy(fh->handle, bytes, sizeof(bytes));
	return 0;
}

void fsnotify_add(struct dump_ctx *ctx, const struct watched *w)
{
	struct fsnotify *s = state(ctx);

	*POOL_PUSH(&ctx->pool, s->list, s->nr) = *w;
}

/* --- mounts ------------------------------------------------------------------------------------------------- */

/* Blanks and the like are octal numbers there. */
static char *unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		unsigned int c;

		if (*from == '\\' && sscanf(from, "\\%3o", &c) == 1) {
			*to = c;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return text;
}

static int look_at_mounts(struct dump_ctx *ctx, struct err *e)
{
	struct fsnotify *s = state(ctx);
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	if (s->nr_mounts)
		return 0;
	f = fopen("/proc/self/mountinfo", "re");
	if (!f)
		return err_set(e, errno, "cannot read the list of mounts");
	while (getline(&line, &size, f) > 0) {
		unsigned int major, minor;
		char path[4097];
		int id;

		if (sscanf(line, "%d %*d %u:%u %*s %4096s", &id, &major, &minor, path) != 4)
			continue;
		*POOL_PUSH(&ctx->pool, s->mounts, s->nr_mounts) = (struct mount_point){
			.id = id,
			.dev = makedev(major, minor),
			.path = pool_str(&ctx->pool, unescape(path)),
		};
	}
	return 0;
}

/* Another mount may lie on it. */
static bool is_reachable(const struct mount_point *m)
{
	struct statx sx;

	return !statx(AT_FDCWD, m->path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID, &sx) &&
	       (!(sx.stx_mask & STATX_MNT_ID) || (int)sx.stx_mnt_id == m->id);
}

int fsnotify_mount(struct dump_ctx *ctx, int id, dev_t dev, const struct mount_point **ret, struct err *e)
{
	struct fsnotify *s = state(ctx);

	*ret = NULL;
	if (look_at_mounts(ctx, e))
		return -1;
	for (size_t i = 0; !*ret && i < s->nr_mounts; i++)
		if ((id ? s->mounts[i].id == id : s->mounts[i].dev == dev) && is_reachable(&s->mounts[i]))
			*ret = &s->mounts[i];
	return 0;
}

/* --- three ways to an inode --------------------------------------------------------------------------------- */

/* The device is that of the mount, where the file system makes up others for stat(2). */
static dev_t device_of(struct dump_ctx *ctx, const struct open_file *of)
{
	const struct fsnotify *s = state(ctx);

	for (size_t i = 0; i < s->nr_mounts; i++)
		if (s->mounts[i].id == of->mnt_id)
			return s->mounts[i].dev;
	return of->dev;
}

struct wanted {
	struct dump_ctx *ctx;
	dev_t dev;
};

static bool is_wanted(const struct open_file *of, void *arg)
{
	const struct wanted *w = arg;

	return of->entry && of->entry->reg && device_of(w->ctx, of) == w->dev;
}

/* An open file of the tree. */
static bool by_open_file(struct dump_ctx *ctx, const struct watched *w)
{
	struct wanted wanted = { ctx, w->dev };
	const struct open_file *of = file_of_inode(ctx, w->ino, is_wanted, &wanted);

	if (!of)
		return false;
	*w->has_file_id = true;
	*w->file_id = of->id;
	w->handle->path = of->entry->reg->name;
	return true;
}

/* The name that a descriptor has, if it leads to the same file. */
static const char *name_of(struct dump_ctx *ctx, int fd)
{
	char link[64], path[4097];
	struct stat is, named;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0 || *path != '/')
		return NULL;
	path[n] = '\0';
	if (fstat(fd, &is) || lstat(path, &named) || is.st_dev != named.st_dev || is.st_ino != named.st_ino)
		return NULL;
	return pool_str(&ctx->pool, path);
}

/* A mount of a part of the file system has no name for what is outside of it: another one may. */
static bool by_handle(struct dump_ctx *ctx, const struct watched *w, int *errnum_ret)
{
	struct fsnotify *s = state(ctx);

	*errnum_ret = 0;
	for (size_t i = 0; w->handle->bytes && !w->handle->path && i < s->nr_mounts; i++) {
		if (s->mounts[i].dev != w->dev || !is_reachable(&s->mounts[i]))
			continue;
		_cleanup_close_ int fd =
			handle_open(s->mounts[i].path, w->handle->type, w->handle->handle, w->handle->bytes);
		if (fd < 0)
			*errnum_ret = errno;
		else
			w->handle->path = (char *)name_of(ctx, fd);
	}
	return w->handle->path;
}

static void note(struct dump_ctx *ctx, struct watched *list, size_t nr, const struct stat *st, const char *path,
		 size_t *missing)
{
	for (size_t i = 0; i < nr; i++)
		if (!list[i].handle->path && list[i].ino == st->st_ino && list[i].dev == st->st_dev) {
			list[i].handle->path = pool_str(&ctx->pool, path);
			--*missing;
		}
}

static void scan(struct dump_ctx *ctx, const char *path, struct watched *list, size_t nr, size_t *missing)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char below[4096];
	struct dirent *d;
	struct stat st;

	if (lstat(path, &st))
		return;
	note(ctx, list, nr, &st, path, missing);
	if (!S_ISDIR(st.st_mode))
		return;
	dir = opendir(path);
	while (*missing && dir && (d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", strcmp(path, "/") ? path : "", d->d_name) <
		    (int)sizeof(below))
			scan(ctx, below, list, nr, missing);
	}
}

/* --- all of them -------------------------------------------------------------------------------------------- */

/* Where programs have what they watch, when --force-irmap comes without a path. */
static const char *const usual_places[] = { "/etc", "/run", "/var/log", "/var/spool", "/var/lib" };

static void scan_all(struct dump_ctx *ctx, struct watched *list, size_t nr)
{
	const struct opt_list *paths = &ctx->opts->irmap_scan_paths;
	size_t missing = 0;

	for (size_t i = 0; i < nr; i++)
		missing += !list[i].handle->path;
	for (size_t i = 0; missing && i < paths->nr; i++)
		scan(ctx, paths->items[i], list, nr, &missing);
	for (size_t i = 0; missing && ctx->opts->force_irmap && i < ARRAY_SIZE(usual_places); i++)
		scan(ctx, usual_places[i], list, nr, &missing);
}

static void refuse_watch(struct dump_ctx *ctx, const struct watched *w, int errnum)
{
	refuse_file(ctx, w->of, "--irmap-scan-path DIR names a directory to look for it in",
		    "watches inode %lu of device %u:%u, whose name is not found%s%s", w->ino, major(w->dev),
		    minor(w->dev), errnum ? ": open_by_handle_at: " : "", errnum ? strerror(errnum) : "");
}

int fsnotify_resolve(struct dump_ctx *ctx, struct err *e)
{
	struct fsnotify *s = state(ctx);
	struct watched *list = s->list + s->nr_resolved;
	size_t nr = s->nr - s->nr_resolved;
	int errnum = 0;

	if (!nr)
		return 0;
	if (look_at_mounts(ctx, e))
		return -1;
	s->nr_resolved = s->nr;
	for (size_t i = 0; i < nr; i++)
		if (!by_open_file(ctx, &list[i]) && !ctx->opts->force_irmap)
			by_handle(ctx, &list[i], &errnum);
	scan_all(ctx, list, nr);
	for (size_t i = 0; i < nr; i++)
		if (!list[i].handle->path &&
		    (ctx->opts->fault == FAULT_NO_HANDLES || !by_handle(ctx, &list[i], &errnum)))
			refuse_watch(ctx, &list[i], errnum);
	return 0;
}

int fsnotify_queue(struct dump_ctx *ctx, const struct open_file *of, int fd, const char *what, bool *refused_ret,
		   struct err *e)
{
	int bytes;

	if (ioctl(fd, FIONREAD, &bytes))
		return err_set(e, errno, "cannot tell whether it has events");
	*refused_ret = bytes;
	if (bytes)
		refuse_file(
			ctx, of, "try again when the program has read them",
			"is %s with %d bytes of events that were not read yet, which cannot be seen without taking them away",
			what, bytes);
	return 0;
}
