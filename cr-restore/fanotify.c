// SPDX-License-Identifier: GPL-2.0-only
/* Fanotify groups. As with inotify, their marks are set when the director has nothing open any more. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>

#include "cr-restore/fsnotify.h"

#ifndef FAN_MARK_IGNORE
#define FAN_MARK_IGNORE 0x00000400
#endif

struct mark {
	const FanotifyMarkEntry *entry;
	struct watched on; /* of an inode */
};

struct group {
	uint32_t id;
	int fd;
	struct mark *marks;
	size_t nr;
};

struct groups {
	FanotifyMarkEntry **old; /* of the older images, which are beside the groups */
	size_t nr_old;
	struct group *list;
	size_t nr;
};

static struct groups *state(struct restore_ctx *ctx)
{
	return ctx->files->kind[RESTORE_KIND_fanotify];
}

static int add_old(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct groups *s = state(ctx);

	*POOL_PUSH(&ctx->pool, s->old, s->nr_old) = (FanotifyMarkEntry *)msg;
	return 0;
}

static void add_mark(struct restore_ctx *ctx, struct group *g, const FanotifyMarkEntry *entry)
{
	struct mark *m = POOL_PUSH(&ctx->pool, g->marks, g->nr);
	const FanotifyInodeMarkEntry *ie = entry->ie;

	*m = (struct mark){ .entry = entry, .on.fd = -1 };
	if (!ie)
		return;
	m->on = (struct watched){ ie->f_handle, ie->has_file_id, ie->file_id, entry->s_dev, ie->i_ino, -1 };
	fsnotify_want(ctx, &m->on);
}

static int fanotify_load(struct restore_ctx *ctx, struct err *e)
{
	struct groups *s = ctx->files->kind[RESTORE_KIND_fanotify] = pool_alloc(&ctx->pool, sizeof(*s));

	if (files_each(ctx, IMG_FANOTIFY_MARK, add_old, e))
		return -1;
	for (size_t i = 0; i < ctx->files->nr; i++) {
		const FanotifyFileEntry *r = ctx->files->list[i].entry->ffy;
		struct group g = { .id = ctx->files->list[i].id, .fd = -1 };

		if (!r)
			continue;
		/* The kernel lists the newest first. */
		for (size_t j = r->n_mark; j-- > 0;)
			add_mark(ctx, &g, r->mark[j]);
		for (size_t j = 0; j < s->nr_old; j++)
			if (s->old[j]->id == g.id)
				add_mark(ctx, &g, s->old[j]);
		*POOL_PUSH(&ctx->pool, s->list, s->nr) = g;
	}
	return 0;
}

static struct group *find(struct restore_ctx *ctx, uint32_t id)
{
	struct groups *s = state(ctx);
	size_t i = 0;

	while (s->list[i].id != id)
		i++;
	return &s->list[i];
}

/* Older images name a mount by its number only, which holds as long as it stays mounted. Returns false: it is not there. */
static bool mount_path(const FanotifyMountMarkEntry *me, char *path, size_t size)
{
	_cleanup_fclose_ FILE *f = NULL;
	char line[8192], point[4097];
	bool found = false;
	struct stat st;
	unsigned int id;

	if (me->path) {
		snprintf(path, size, "%s", me->path);
		return !lstat(path, &st);
	}
	f = fopen("/proc/self/mountinfo", "re");
	while (!found && f && fgets(line, sizeof(line), f))
		found = sscanf(line, "%u %*d %*s %*s %4096s", &id, point) == 2 && id == me->mnt_id;
	snprintf(path, size, "%s", found ? point : "");
	return found;
}

static int fanotify_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const struct group *g = find(ctx, f->id);
	char path[4097];

	for (size_t i = 0; i < g->nr; i++) {
		const FanotifyMarkEntry *m = g->marks[i].entry;

		if (m->ie)
			fsnotify_check(ctx, f, &g->marks[i].on);
		else if (!m->me)
			return err_set(e, 0, "file %u has a fanotify mark without content", f->id);
		else if (!mount_path(m->me, path, sizeof(path)))
			problem(ctx, NULL, "the mount %u%s%s, which was marked (fanotify), is not there", m->me->mnt_id,
				m->me->path ? " at " : "", m->me->path ? m->me->path : "");
	}
	return 0;
}

static int fanotify_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const FanotifyFileEntry *r = f->ffy;
	struct group *g = find(ctx, f->id);
	/* The group remembers FAN_CLOEXEC, whatever the descriptor has. */
	_cleanup_close_ int fd = fanotify_init(r->faflags, r->evflags);

	if (fd < 0)
		return err_set(e, errno, "cannot create a fanotify group (flags %#x, %#x)", r->faflags, r->evflags);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (file_set_flags(fd, r->flags, e))
		return -1;
	g->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (g->fd < 0)
		return err_set(e, errno, "cannot keep a fanotify group");
	*fd_ret = take_fd(fd);
	return 0;
}

static int fanotify_settle(struct restore_ctx *ctx, struct err *e)
{
	struct groups *s = state(ctx);

	for (size_t i = 0; i < s->nr; i++)
		for (size_t j = 0; s->list[i].fd >= 0 && j < s->list[i].nr; j++)
			if (s->list[i].marks[j].entry->ie && fsnotify_hold(ctx, &s->list[i].marks[j].on, e))
				return -1;
	return 0;
}

/* What is told, and what is kept from being told, are two calls. Flags of a mark go with the one that they belong to. */
static int set_mark(int fd, struct mark *m, struct err *e)
{
	const FanotifyMarkEntry *r = m->entry;
	bool on_mount = r->me, on_fs = on_mount && r->me->has_filesystem && r->me->filesystem;
	unsigned int how = FAN_MARK_ADD | (on_fs ? FAN_MARK_FILESYSTEM : on_mount ? FAN_MARK_MOUNT : 0);
	unsigned int ignore = r->mflags & FAN_MARK_IGNORE ? FAN_MARK_IGNORE : FAN_MARK_IGNORED_MASK;
	unsigned int own = r->mflags & ~(FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY);
	_cleanup_close_ int inode = -1;
	char path[4097];

	if (on_mount ? !mount_path(r->me, path, sizeof(path)) : fsnotify_find(&m->on, &inode, path, sizeof(path), e))
		return on_mount ? err_set(e, ENOENT, "cannot find the mount %u", r->me->mnt_id) : -1;
	if (r->mask && fanotify_mark(fd, how | own, r->mask, AT_FDCWD, path))
		return err_set(e, errno, "cannot mark %s (flags %#x, mask %#x)", path, how | own, r->mask);
	if (r->ignored_mask && fanotify_mark(fd, how | r->mflags | ignore, r->ignored_mask, AT_FDCWD, path))
		return err_set(e, errno, "cannot mark %s (flags %#x, ignored mask %#x)", path, how | r->mflags | ignore,
			       r->ignored_mask);
	close_fdp(&m->on.fd);
	m->on.fd = -1;
	return 0;
}

static int fanotify_closed(struct restore_ctx *ctx, struct err *e)
{
	struct groups *s = state(ctx);

	for (size_t i = 0; i < s->nr; i++) {
		struct group *g = &s->list[i];

		for (size_t j = 0; g->fd >= 0 && j < g->nr; j++)
			if (set_mark(g->fd, &g->marks[j], e))
				return err_in(e, "file %u", g->id);
		close_fdp(&g->fd);
		g->fd = -1;
	}
	return 0;
}

const struct restore_kind restore_fanotify = {
	.name = "fanotify",
	.type = FD_TYPES__FANOTIFY,
	.load = fanotify_load,
	.check = fanotify_check,
	.make = fanotify_make,
	.settle = fanotify_settle,
	.closed = fanotify_closed,
};
