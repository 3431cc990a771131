// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are open but deleted: attributes and content go into an image each, however many open files, names and mappings lead to
 * the inode. Holes are left out. The change and birth times are lost, and what was allocated but never written.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/security.h"
#include "cr-dump/files.h"
#include "cr-dump/task.h"
#include "ghost-file.pb-c.h"

#define COPY_SIZE   (1 << 20)
#define NR_EXTENTS  256
#define XATTR_NAMES 65536 /* XATTR_LIST_MAX */

struct ghost {
	dev_t dev;
	ino_t ino;
	uint32_t id;
	struct task *task;
	const char *where; /* below /proc/PID, what leads to it */
	off_t size;
	GhostFileEntry *entry;
};

static struct ghost *find(const struct files *fs, const struct stat *st)
{
	for (size_t i = fs->nr_ghosts; i-- > 0;)
		if (fs->ghosts[i]->ino == st->st_ino && fs->ghosts[i]->dev == st->st_dev)
			return fs->ghosts[i];
	return NULL;
}

/* --- attributes --------------------------------------------------------------------------------------------- */

static Timeval *timeval(struct dump_ctx *ctx, const struct timespec *t)
{
	Timeval *tv = POOL_MSG(&ctx->pool, Timeval, timeval);

	tv->tv_sec = t->tv_sec;
	tv->tv_usec = t->tv_nsec / 1000;
	return tv;
}

static int add_xattr(struct dump_ctx *ctx, GhostFileEntry *g, const char *path, const char *name, struct err *e)
{
	ssize_t size = getxattr(path, name, NULL, 0);
	GhostXattrEntry *x;

	if (size < 0)
		return err_set(e, errno, "cannot read its extended attribute %s", name);
	x = POOL_MSG(&ctx->pool, GhostXattrEntry, ghost_xattr_entry);
	x->name = pool_str(&ctx->pool, name);
	x->value.data = pool_alloc(&ctx->pool, size + 1);
	x->value.len = size;
	if (size && getxattr(path, name, x->value.data, size) != size)
		return err_set(e, errno, "cannot read its extended attribute %s", name);
	*POOL_PUSH(&ctx->pool, g->xattrs, g->n_xattrs) = x;
	return 0;
}

/* ACLs are among them. Labels of other security modules are given by the module, to the restored file as to the first one. */
static bool is_wanted(const char *name)
{
	return strncmp(name, "security.", 9) || !strcmp(name, "security.capability") ||
	       (!strcmp(name, "security.selinux") && security_module() == SECURITY_SELINUX);
}

static int add_xattrs(struct dump_ctx *ctx, GhostFileEntry *g, const char *path, struct err *e)
{
	_cleanup_free_ char *names = malloc(XATTR_NAMES);
	ssize_t n = names ? listxattr(path, names, XATTR_NAMES) : -1;

	if (n < 0)
		return names && errno == EOPNOTSUPP ? 0 : err_set(e, errno, "cannot list its extended attributes");
	for (const char *name = names; name < names + n; name += strlen(name) + 1)
		if (is_wanted(name) && add_xattr(ctx, g, path, name, e))
			return -1;
	return 0;
}

static int fill(struct dump_ctx *ctx, GhostFileEntry *g, struct task *t, const char *where, const struct stat *st,
		struct err *e)
{
	char path[64], target[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", t->tid, where);
	g->uid = st->st_uid;
	g->gid = st->st_gid;
	g->mode = st->st_mode;
	PB_SET(g, dev, major(st->st_dev) << 20 | minor(st->st_dev));
	PB_SET(g, ino, st->st_ino);
	g->atim = timeval(ctx, &st->st_atim);
	g->mtim = timeval(ctx, &st->st_mtim);
	PB_SET(g, atim_nsec, st->st_atim.tv_nsec % 1000);
	PB_SET(g, mtim_nsec, st->st_mtim.tv_nsec % 1000);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		PB_SET(g, rdev, st->st_rdev);
	if (S_ISLNK(st->st_mode)) {
		_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);

		n = readlinkat(fd, "", target, sizeof(target) - 1);
		if (n < 0)
			return err_set(e, errno, "cannot read where the deleted link leads");
		target[n] = '\0';
		g->symlnk_target = pool_str(&ctx->pool, target);
	}
	return add_xattrs(ctx, g, path, e);
}

int ghost_note(struct dump_ctx *ctx, struct task *t, const char *where, const struct stat *st, uint32_t *id_ret,
	       struct err *e)
{
	struct files *fs = files_of(ctx);
	struct ghost *g = find(fs, st);

	if (!g) {
		g = pool_alloc(&ctx->pool, sizeof(*g));
		g->dev = st->st_dev;
		g->ino = st->st_ino;
		g->task = t;
		g->where = pool_str(&ctx->pool, where);
		g->size = st->st_size;
		g->entry = POOL_MSG(&ctx->pool, GhostFileEntry, ghost_file_entry);
		if (fill(ctx, g->entry, t, where, st, e))
			return err_in(e, "/proc/%d/%s", t->tid, where);
		*POOL_PUSH(&ctx->pool, fs->ghosts, fs->nr_ghosts) = g;
		g->id = fs->nr_ghosts;
	}
	*id_ret = g->id;
	return 0;
}

/* --- where its data are ------------------------------------------------------------------------------------- */

struct chunk {
	off_t start, end;
};

struct scan {
	int fd;
	off_t size;
	struct fiemap *map; /* NULL: SEEK_DATA */
	unsigned int at;
};

/* The next piece of data that does not end before `from`; an empty one at the end of the file. */
static int next_by_seek(struct scan *s, off_t from, struct chunk *c, struct err *e)
{
	c->start = lseek(s->fd, from, SEEK_DATA);
	c->end = c->start < 0 ? s->size : lseek(s->fd, c->start, SEEK_HOLE);
	if ((c->start < 0 && errno != ENXIO) || c->end < 0)
		return err_set(e, errno, "cannot find its holes");
	if (c->start < 0)
		c->start = s->size;
	return 0;
}

static int next_by_fiemap(struct scan *s, off_t from, struct chunk *c, struct err *e)
{
	*c = (struct chunk){ s->size, s->size };
	for (;;) {
		const struct fiemap_extent *x = &s->map->fm_extents[s->at];

		if (s->at == s->map->fm_mapped_extents) {
			if (s->at && x[-1].fe_flags & FIEMAP_EXTENT_LAST)
				return 0;
			s->map->fm_start = s->at ? x[-1].fe_logical + x[-1].fe_length : (uint64_t)from;
			s->map->fm_length = FIEMAP_MAX_OFFSET - s->map->fm_start;
			s->map->fm_flags = FIEMAP_FLAG_SYNC;
			s->map->fm_extent_count = NR_EXTENTS;
			s->at = 0;
			if (ioctl(s->fd, FS_IOC_FIEMAP, s->map))
				return err_set(e, errno, "cannot find its holes (FIEMAP)");
			if (!s->map->fm_mapped_extents)
				return 0;
			continue;
		}
		s->at++;
		if (x->fe_flags & FIEMAP_EXTENT_UNWRITTEN || (off_t)x->fe_logical >= s->size)
			continue;
		c->start = x->fe_logical;
		c->end = (off_t)(x->fe_logical + x->fe_length) < s->size ? (off_t)(x->fe_logical + x->fe_length) :
									   s->size;
		return 0;
	}
}

static int next_chunk(struct scan *s, off_t from, struct chunk *c, struct err *e)
{
	return s->map ? next_by_fiemap(s, from, c, e) : next_by_seek(s, from, c, e);
}

/* A filesystem without FIEMAP (tmpfs) is asked by SEEK_DATA all the same. */
static int scan_begin(const struct dump_ctx *ctx, struct scan *s, struct err *e)
{
	struct fiemap probe = { .fm_length = FIEMAP_MAX_OFFSET };

	if (!ctx->opts->ghost_fiemap || ioctl(s->fd, FS_IOC_FIEMAP, &probe))
		return 0;
	s->map = calloc(1, sizeof(*s->map) + NR_EXTENTS * sizeof(struct fiemap_extent));
	return s->map ? 0 : err_set(e, ENOMEM, "cannot look for its holes");
}

/* --- content ------------------------------------------------------------------------------------------------ */

static int copy(struct img_writer *w, int fd, const struct chunk *c, char *buf, struct err *e)
{
	for (off_t at = c->start; at < c->end;) {
		ssize_t n = pread(fd, buf, c->end - at < COPY_SIZE ? c->end - at : COPY_SIZE, at);

		if (n <= 0)
			return err_set(e, n < 0 ? errno : 0, "cannot read its content");
		if (img_put_bytes(w, buf, n, e))
			return -1;
		at += n;
	}
	return 0;
}

static int put_chunks(struct img_writer *w, struct scan *s, struct chunk c, char *buf, struct err *e)
{
	while (c.start < c.end) {
		GhostChunkEntry r = GHOST_CHUNK_ENTRY__INIT;

		r.off = c.start;
		r.len = c.end - c.start;
		if (img_put(w, &r.base, e) || copy(w, s->fd, &c, buf, e) || next_chunk(s, c.end, &c, e))
			return -1;
	}
	return 0;
}

/* So that an image that ends too early is noticed. Then the scan stands behind the first chunk again. */
static int count_data(struct scan *s, struct chunk first, GhostFileEntry *g, struct err *e)
{
	struct chunk c = first;

	g->has_data = true;
	while (c.start < c.end) {
		g->data += c.end - c.start;
		if (next_chunk(s, c.end, &c, e))
			return -1;
	}
	if (s->map) {
		s->at = s->map->fm_mapped_extents = 0;
		return next_chunk(s, 0, &c, e);
	}
	return 0;
}

/* A file without holes has no chunks: then its content follows the record as it is. */
static int put_file(struct dump_ctx *ctx, struct img_writer *w, struct ghost *g, struct scan *s, struct err *e)
{
	_cleanup_free_ char *buf = malloc(COPY_SIZE);
	struct chunk first;

	if (!buf)
		return err_set(e, ENOMEM, "cannot copy its content");
	if (scan_begin(ctx, s, e) || next_chunk(s, 0, &first, e))
		return -1;
	PB_SET(g->entry, size, g->size);
	if (!g->size || (!first.start && first.end == g->size))
		return img_put(w, &g->entry->base, e) || copy(w, s->fd, &first, buf, e) ? -1 : 0;
	PB_SET(g->entry, chunks, true);
	if (count_data(s, first, g->entry, e))
		return -1;
	return img_put(w, &g->entry->base, e) ? -1 : put_chunks(w, s, first, buf, e);
}

/* The victim's own descriptor may be open for writing only. */
static int open_content(const struct ghost *g, struct err *e)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
	int fd = openat(g->task->procfd, g->where, flags | O_NOATIME);

	if (fd < 0 && errno == EPERM)
		fd = openat(g->task->procfd, g->where, flags);
	return fd < 0 ? err_set(e, errno, "cannot open it to read its content") : fd;
}

static int write_ghost(struct dump_ctx *ctx, struct ghost *g, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	_cleanup_close_ int fd = -1;
	int ret;

	if (img_create(ctx->images_fd, IMG_GHOST_FILE, g->id, &w, e))
		return -1;
	if (S_ISREG(g->entry->mode)) {
		struct scan s = { .fd = open_content(g, e), .size = g->size };

		fd = s.fd;
		ret = fd < 0 ? -1 : put_file(ctx, w, g, &s, e);
		free(s.map);
	} else {
		ret = img_put(w, &g->entry->base, e);
	}
	return ret || img_finish(&w, e) ? err_in(e, "the deleted file /proc/%d/%s", g->task->tid, g->where) : 0;
}

int ghosts_write(struct dump_ctx *ctx, struct err *e)
{
	struct files *fs = files_of(ctx);

	for (size_t i = 0; i < fs->nr_ghosts; i++)
		if (write_ghost(ctx, fs->ghosts[i], e))
			return -1;
	return 0;
}
