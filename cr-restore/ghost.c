// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deleted files that tasks have open: made under each of their names, opened, and deleted at once; the content comes after that. All
 * open files are opened through the descriptors that are kept here until the tree has its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/writable.h"
#include "cr-restore/reg.h"

#define COPY_SIZE (1 << 20)

/* --- planning ----------------------------------------------------------------------------------------------- */

static struct ghost *find(struct regs *s, uint32_t id)
{
	for (size_t i = s->nr_ghosts; i-- > 0;)
		if (s->ghosts[i].id == id)
			return &s->ghosts[i];
	return NULL;
}

int ghost_load(struct restore_ctx *ctx, uint32_t id, const RegFileEntry *r, struct err *e)
{
	struct regs *s = ctx->files->kind[RESTORE_KIND_reg];
	struct ghost *g = find(s, id);
	_cleanup_img_reader_ struct img_reader *reader = NULL;
	ProtobufCMessage *msg;

	if (!g) {
		if (img_open(ctx->images_fd, IMG_GHOST_FILE, id, &reader, e))
			return -1;
		switch (img_get(reader, &msg, e)) {
		case 0:
			err_set(e, 0, "it has no record");
			return img_complain(reader, e);
		case -1:
			return -1;
		}
		*POOL_PUSH(&ctx->pool, ctx->files->messages, ctx->files->nr_messages) = msg;
		if (!((GhostFileEntry *)msg)->chunks && img_left(reader) < ((GhostFileEntry *)msg)->size) {
			err_set(e, 0, "its content is cut short");
			return img_complain(reader, e);
		}
		g = POOL_PUSH(&ctx->pool, s->ghosts, s->nr_ghosts);
		*g = (struct ghost){ .id = id, .entry = (GhostFileEntry *)msg, .tmpfile_fd = -1, .writable_fd = -1 };
	}
	for (size_t i = 0; i < g->nr_names; i++)
		if (!strcmp(g->names[i].path, r->name))
			return 0;
	*POOL_PUSH(&ctx->pool, g->names, g->nr_names) = (struct ghost_name){ .path = r->name, .fd = -1 };
	return 0;
}

/* --- content ------------------------------------------------------------------------------------------------ */

static int write_all(int fd, const char *buf, size_t len, off_t at, struct err *e)
{
	while (len) {
		ssize_t n = pwrite(fd, buf, len, at);

		if (n < 0)
			return err_set(e, errno, "cannot write its content");
		buf += n;
		at += n;
		len -= n;
	}
	return 0;
}

/* max: bytes that belong to it; fewer are an error if `all`. */
static int copy(struct img_reader *r, int fd, off_t at, uint64_t max, bool all, char *buf, struct err *e)
{
	while (max) {
		ssize_t n = img_get_some(r, buf, max < COPY_SIZE ? max : COPY_SIZE, e);

		if (n < 0)
			return -1;
		if (!n && !all)
			return 0;
		if (!n) {
			err_set(e, 0, "its content is cut short");
			return img_complain(r, e);
		}
		if (write_all(fd, buf, n, at, e))
			return -1;
		at += n;
		max -= n;
	}
	return 0;
}

static int copy_chunks(struct img_reader *r, const GhostFileEntry *g, int fd, char *buf, struct err *e)
{
	ProtobufCMessage *msg;
	uint64_t data = 0;
	int got, ret = 0;

	while (!ret && (got = img_get(r, &msg, e)) > 0) {
		const GhostChunkEntry *c = (GhostChunkEntry *)msg;

		if (c->len > INT64_MAX || c->off > INT64_MAX - c->len) {
			err_set(e, 0, "no file has %lu bytes at %lu", c->len, c->off);
			ret = img_complain(r, e);
		} else {
			ret = copy(r, fd, c->off, c->len, true, buf, e);
			data += c->len;
		}
		img_free(msg);
	}
	if (ret || got < 0)
		return -1;
	if (!g->has_data || g->data == data)
		return 0;
	err_set(e, 0, "it has %lu bytes of content, not %lu", data, g->data);
	return img_complain(r, e);
}

static int fill(struct restore_ctx *ctx, const struct ghost *g, int fd, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	_cleanup_free_ char *buf = malloc(COPY_SIZE);
	ProtobufCMessage *msg;
	int got;

	if (!buf)
		return err_set(e, ENOMEM, "cannot copy its content");
	if (img_open(ctx->images_fd, IMG_GHOST_FILE, g->id, &r, e))
		return -1;
	got = img_get(r, &msg, e);
	if (got <= 0)
		return got ? -1 : err_set(e, 0, "ghost-file-%x.img has changed", g->id);
	img_free(msg);
	if (g->entry->has_size && ftruncate(fd, g->entry->size))
		return err_set(e, errno, "cannot make it %lu bytes long", g->entry->size);
	if (g->entry->chunks)
		return copy_chunks(r, g->entry, fd, buf, e);
	return copy(r, fd, 0, g->entry->has_size ? g->entry->size : UINT64_MAX, g->entry->has_size, buf, e);
}

/* --- attributes --------------------------------------------------------------------------------------------- */

static const char *fd_path(int fd, char buf[32])
{
	snprintf(buf, 32, "/proc/self/fd/%d", fd);
	return buf;
}

/* A label that the policy gives to the file anyway needs no right to change it. */
static bool has_xattr(const char *path, const GhostXattrEntry *x)
{
	char now[256];

	return getxattr(path, x->name, now, sizeof(now)) == (ssize_t)x->value.len &&
	       !memcmp(now, x->value.data, x->value.len);
}

/* The mode comes after the owner, whose change takes set-id bits away; file capabilities and ACLs after both. */
static int set_attributes(const GhostFileEntry *g, int fd, struct err *e)
{
	char path[32];

	fd_path(fd, path);
	if (fchownat(fd, "", g->uid, g->gid, AT_EMPTY_PATH))
		return err_set(e, errno, "cannot set its owner to %u:%u", g->uid, g->gid);
	if (!S_ISLNK(g->mode) && chmod(path, g->mode & 07777))
		return err_set(e, errno, "cannot set its mode to %o", g->mode & 07777);
	for (size_t i = 0; i < g->n_xattrs; i++) {
		const GhostXattrEntry *x = g->xattrs[i];

		if (has_xattr(path, x))
			continue;
		if (setxattr(path, x->name, x->value.data, x->value.len, 0))
			return err_set(e, errno, "cannot set its extended attribute %s", x->name);
	}
	return 0;
}

/* By which it can be changed: the name may be in a mount that is read-only. */
static int fd_of(const struct ghost *g)
{
	return g->writable_fd >= 0 ? g->writable_fd : g->names[0].fd;
}

int ghost_set_times(const struct ghost *g, struct err *e)
{
	const GhostFileEntry *r = g->entry;
	struct timespec times[2];
	char path[32];

	if (!g->made || !r->atim || !r->mtim || S_ISLNK(r->mode))
		return 0;
	times[0] = (struct timespec){ r->atim->tv_sec, r->atim->tv_usec * 1000 + r->atim_nsec };
	times[1] = (struct timespec){ r->mtim->tv_sec, r->mtim->tv_usec * 1000 + r->mtim_nsec };
	if (utimensat(AT_FDCWD, fd_path(fd_of(g), path), times, 0))
		return err_set(e, errno, "cannot set the times of the deleted file %s", g->names[0].path);
	return 0;
}

/* --- the inode ---------------------------------------------------------------------------------------------- */

static int make_inode(const GhostFileEntry *g, const char *path)
{
	int fd;

	switch (g->mode & S_IFMT) {
	case S_IFDIR:
		return mkdir(path, 0700);
	case S_IFLNK:
		return symlink(g->symlnk_target ? g->symlnk_target : "", path);
	case S_IFREG:
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		return fd < 0 ? -1 : close(fd);
	}
	return mknod(path, (g->mode & S_IFMT) | 0600, g->rdev);
}

/* Under the name that it had. If that is another file's by now, the temporary one will do. */
static int make_names(struct names *n, struct ghost *g, struct err *e)
{
	char temporary[PATH_MAX], where[PATH_MAX], first[PATH_MAX];

	for (size_t i = 0; i < g->nr_names; i++) {
		struct ghost_name *name = &g->names[i];
		int taken;

		writable_path(name->path, where);
		if (names_parents(n, where, e))
			return -1;
		if (!i) {
			if (names_temporary(n, where, temporary, sizeof(temporary), e))
				return -1;
			if (make_inode(g->entry, temporary))
				return err_set(e, errno, "cannot make the deleted file again");
		}
		taken = S_ISDIR(g->entry->mode) && i ? 1 : names_add(n, i ? first : temporary, !i, where, e);
		if (taken < 0)
			return -1;
		if (!i)
			strcpy(first, taken ? temporary : where);
		name->fd = open(taken ? first : name->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (!i && strcmp(where, name->path))
			g->writable_fd = open(first, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (name->fd < 0)
			return err_set(e, errno, "cannot open the deleted file");
	}
	return 0;
}

/* One that O_TMPFILE made, and that can be given a name by linkat(2) still: it never had one. */
static int make_tmpfile(struct ghost *g, struct err *e)
{
	_cleanup_free_ char *dir = strdup(g->names[0].path);
	char path[32];

	if (!dir)
		return err_set(e, ENOMEM, "cannot make a file without a name");
	*strrchr(dir, '/') = '\0';
	g->tmpfile_fd = open(*dir ? dir : "/", (g->tmpfile->flags & (O_ACCMODE | O_TMPFILE)) | O_CLOEXEC, 0600);
	if (g->tmpfile_fd < 0)
		return err_set(e, errno, "cannot make a file without a name in %s", dir);
	for (size_t i = 0; i < g->nr_names; i++) {
		g->names[i].fd = open(fd_path(g->tmpfile_fd, path), O_PATH | O_CLOEXEC);
		if (g->names[i].fd < 0)
			return err_set(e, errno, "cannot open the deleted file");
	}
	return 0;
}

static int make(struct restore_ctx *ctx, struct ghost *g, struct err *e)
{
	int ret = g->tmpfile ? make_tmpfile(g, e) : make_names(ctx->names, g, e);
	char path[32];

	names_undo(ctx->names);
	if (ret)
		return -1;
	g->made = true;
	if (S_ISREG(g->entry->mode)) {
		_cleanup_close_ int fd = open(fd_path(fd_of(g), path), O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return err_set(e, errno, "cannot open the deleted file to fill it");
		if (fill(ctx, g, fd, e))
			return -1;
	}
	return set_attributes(g->entry, fd_of(g), e);
}

int ghost_open(struct restore_ctx *ctx, uint32_t id, const char *name, struct ghost **ret, int *fd_ret, struct err *e)
{
	struct ghost *g = find(ctx->files->kind[RESTORE_KIND_reg], id);

	if (!g->made && make(ctx, g, e))
		return -1;
	for (size_t i = 0; i < g->nr_names; i++)
		if (!strcmp(g->names[i].path, name))
			*fd_ret = g->names[i].fd;
	*ret = g;
	return 0;
}

void ghost_close(struct ghost *g)
{
	for (size_t i = 0; i < g->nr_names; i++)
		close_fdp(&g->names[i].fd);
	close_fdp(&g->tmpfile_fd);
	close_fdp(&g->writable_fd);
	g->made = false;
}
