// SPDX-License-Identifier: GPL-2.0-only
/*
 * By which name a restore will find a file. Usually the one that the kernel shows; a deleted file is saved whole (reg_ghost.c); one
 * that has other names gets a link for the restore (--link-remap); a device may have another node (--evasive-devices).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "base/writable.h"
#include "cr-dump/files.h"
#include "cr-dump/task.h"

#define DELETED " (deleted)"

struct link {
	dev_t dev;
	ino_t ino;
	struct task *task;
	const char *where; /* below /proc/PID, what leads to the file */
	RegFileEntry *reg; /* its name is that of the link, "" while there is none */
	const char *old;   /* the name that the file had */
};

/* The name that a deleted file had; NULL when the kernel does not show it as deleted. */
static const char *deleted_name(struct dump_ctx *ctx, const char *link)
{
	size_t len = strlen(link), end = strlen(DELETED);
	char *name;

	if (len <= end || strcmp(link + len - end, DELETED))
		return NULL;
	name = pool_str(&ctx->pool, link);
	name[len - end] = '\0';
	return name;
}

static void refuse_place(struct dump_ctx *ctx, const struct reg_place *p, const char *hint, const char *why)
{
	if (p->of)
		refuse_file(ctx, p->of, hint, "(%s) %s", p->link, why);
	else
		refuse(ctx, p->task, hint, "%s: %s %s", p->what, p->link, why);
}

static void add_remap(struct dump_ctx *ctx, uint32_t id, uint32_t target, RemapType type)
{
	struct files *fs = files_of(ctx);
	RemapFilePathEntry *r = POOL_MSG(&ctx->pool, RemapFilePathEntry, remap_file_path_entry);

	r->orig_id = id;
	r->remap_id = target;
	PB_SET(r, remap_type, type);
	*POOL_PUSH(&ctx->pool, fs->remaps, fs->nr_remaps) = r;
}

/* --- the ways ----------------------------------------------------------------------------------------------- */

static int find_ghost(struct dump_ctx *ctx, const struct reg_place *p, uint32_t id, bool *found_ret, struct err *e)
{
	uint64_t limit = ctx->opts->ghost_limit;
	char why[128];
	uint32_t ghost;

	*found_ret = false;
	if (S_ISREG(p->st->st_mode) && (uint64_t)p->st->st_blocks * 512 > limit) {
		snprintf(why, sizeof(why), "was deleted and has %lu KiB, more than are saved (%lu KiB)",
			 (unsigned long)p->st->st_blocks / 2, limit / 1024);
		refuse_place(ctx, p, "--ghost-limit SIZE sets the limit", why);
		return 0;
	}
	if (ghost_note(ctx, p->task, p->where, p->st, &ghost, e))
		return -1;
	add_remap(ctx, id, ghost, REMAP_TYPE__GHOST);
	*found_ret = true;
	return 0;
}

/* The link itself is made when nothing can be refused any more, see links_make(). */
static void find_link(struct dump_ctx *ctx, const struct reg_place *p, const char *old, uint32_t id)
{
	struct files *fs = files_of(ctx);
	struct link *l = NULL;

	for (size_t i = 0; i < fs->nr_links && !l; i++)
		if (fs->links[i]->ino == p->st->st_ino && fs->links[i]->dev == p->st->st_dev)
			l = fs->links[i];
	if (!l) {
		FileEntry *fe = files_add_entry(ctx, FD_TYPES__REG);

		l = pool_alloc(&ctx->pool, sizeof(*l));
		l->dev = p->st->st_dev;
		l->ino = p->st->st_ino;
		l->task = p->task;
		l->where = pool_str(&ctx->pool, p->where);
		l->old = old;
		l->reg = fe->reg = POOL_MSG(&ctx->pool, RegFileEntry, reg_file_entry);
		l->reg->id = fe->id;
		l->reg->fown = POOL_MSG(&ctx->pool, FownEntry, fown_entry);
		l->reg->name = "";
		*POOL_PUSH(&ctx->pool, fs->links, fs->nr_links) = l;
	}
	add_remap(ctx, id, l->reg->id, REMAP_TYPE__LINKED);
}

/* The node that /dev has for a device. */
static const char *other_node(struct dump_ctx *ctx, const struct stat *st)
{
	char path[64], line[256], node[270];
	struct stat now;

	snprintf(path, sizeof(path), "/sys/dev/%s/%u:%u/uevent", S_ISCHR(st->st_mode) ? "char" : "block",
		 major(st->st_rdev), minor(st->st_rdev));
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "DEVNAME=", 8))
			continue;
		snprintf(node, sizeof(node), "/dev/%s", line + 8);
		if (!lstat(node, &now) && (now.st_mode & S_IFMT) == (st->st_mode & S_IFMT) &&
		    now.st_rdev == st->st_rdev)
			return pool_str(&ctx->pool, node);
	}
	return NULL;
}

static bool is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

static void find_proc(struct dump_ctx *ctx, const struct reg_place *p, const struct reg_proc *proc, uint32_t id,
		      const char **name_ret)
{
	if (proc->why_not) {
		refuse_place(ctx, p, NULL, proc->why_not);
		return;
	}
	if (proc->dead)
		add_remap(ctx, id, proc->dead, REMAP_TYPE__PROCFS);
	*name_ret = proc->name;
}

/* Files of the kernel's own file systems look like deleted ones. */
static const char *is_no_file(const struct reg_place *p)
{
	static const struct {
		uint32_t magic;
		const char *what;
	} systems[] = {
		{ 0x19800202, "is a POSIX message queue: not supported by this version" },
		{ 0x5345434d, "is secret memory (memfd_secret): not supported by this version" },
		{ 0x444d4142, "is a DMA buffer: not supported by this version" },
	};
	struct statfs fs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", p->task->tid, p->where);
	if (!S_ISREG(p->st->st_mode) || statfs(path, &fs))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(systems); i++)
		if ((uint32_t)fs.f_type == systems[i].magic)
			return systems[i].what;
	return NULL;
}

int reg_find(struct dump_ctx *ctx, const struct reg_place *p, uint32_t id, const char **name_ret, struct err *e)
{
	const char *old, *node, *what;
	struct reg_proc proc;
	bool found;

	*name_ret = NULL;
	if (p->mnt_id && external_named(ctx, "file[%x:%lx]", p->mnt_id, p->st->st_ino)) {
		*name_ret = pool_printf(&ctx->pool, "/file[%x:%lx]", p->mnt_id, p->st->st_ino);
		return 0;
	}
	if (reg_in_proc(ctx, p, &proc)) {
		find_proc(ctx, p, &proc, id, name_ret);
		return 0;
	}
	if (*p->link != '/') {
		refuse_place(ctx, p, NULL, "is not below the root directory of this program");
		return 0;
	}
	if (p->found) {
		*name_ret = p->link;
		return 0;
	}
	what = is_no_file(p);
	if (what) {
		refuse_place(ctx, p, NULL, what);
		return 0;
	}
	old = deleted_name(ctx, p->link);
	if (is_device(p->st) && ctx->opts->evasive_devices && (node = other_node(ctx, p->st))) {
		*name_ret = node;
	} else if (old && name_leads_to(old, p->st)) {
		*name_ret = old; /* it was given its name again */
	} else if (old && (!p->st->st_nlink || S_ISDIR(p->st->st_mode))) {
		if (find_ghost(ctx, p, id, &found, e))
			return -1;
		*name_ret = found ? old : NULL;
	} else if (old && ctx->opts->link_remap) {
		find_link(ctx, p, old, id);
		*name_ret = old;
	} else if (old) {
		refuse_place(ctx, p, "--link-remap makes a link to it for the restore",
			     "was deleted, but has other names");
	} else {
		refuse_place(ctx, p, is_device(p->st) ? "--evasive-devices may find another node" : NULL,
			     "is no longer found under its name (replaced there, or hidden by a mount)");
	}
	return 0;
}

/* --- links -------------------------------------------------------------------------------------------------- */

/* The file, as seen in the mount of another path of its filesystem: links cannot be made from mount to mount. */
static int open_in_mount_of(const char *file, const char *dir)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h = { .handle.handle_bytes = MAX_HANDLE_SZ };
	_cleanup_close_ int mount_fd = open(*dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int mount_id;

	if (mount_fd < 0 || name_to_handle_at(AT_FDCWD, file, &h.handle, &mount_id, AT_SYMLINK_FOLLOW))
		return -1;
	return open_by_handle_at(mount_fd, &h.handle, O_PATH | O_CLOEXEC);
}

static int link_into(const char *file, const char *dir, const char *name)
{
	_cleanup_close_ int fd = -1;
	char path[32];

	if (!linkat(AT_FDCWD, file, AT_FDCWD, name, AT_SYMLINK_FOLLOW))
		return 0;
	if (errno != EXDEV)
		return -1;
	fd = open_in_mount_of(file, dir);
	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* In the directory where the file was or, if that is gone, in one above it. */
static int make_link(struct dump_ctx *ctx, struct link *l, struct err *e)
{
	char file[64], dir[PATH_MAX], *slash;
	int error = ENOENT;

	writable_path(l->old, dir);
	snprintf(file, sizeof(file), "/proc/%d/%s", l->task->tid, l->where);
	while ((slash = strrchr(dir, '/'))) {
		*slash = '\0';
		for (unsigned int again = 0; again < 1000; again++) {
			const char *name =
				again ? pool_printf(&ctx->pool, "%s/link_remap.%u.%u", dir, l->reg->id, again) :
					pool_printf(&ctx->pool, "%s/link_remap.%u", dir, l->reg->id);

			if (!link_into(file, dir, name)) {
				l->reg->name = (char *)name;
				return 0;
			}
			error = errno;
			if (error != EEXIST) /* an earlier dump's */
				break;
		}
		if (error != ENOENT && error != ENOTDIR)
			break;
	}
	err_set(e, error, "cannot make a link to %s" DELETED, l->old);
	return error == EROFS ? err_hint(e, "its filesystem is mounted read-only there") : -1;
}

int links_make(struct dump_ctx *ctx, struct err *e)
{
	struct files *fs = files_of(ctx);

	for (size_t i = 0; i < fs->nr_links; i++)
		if (make_link(ctx, fs->links[i], e))
			return -1;
	return 0;
}

void links_remove(struct dump_ctx *ctx)
{
	struct files *fs = files_of(ctx);

	for (size_t i = 0; i < fs->nr_links; i++)
		if (*fs->links[i]->reg->name && unlink(fs->links[i]->reg->name))
			log_warn("cannot remove the link %s: %s", fs->links[i]->reg->name, strerror(errno));
	fs->nr_links = 0;
}
