// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which descriptors are the same open file, which tasks share their tables: kcmp(2) knows. It also gives an order, so the known
 * files of one inode form a binary tree; the order is that of scrambled addresses, which keeps the tree balanced.
 */
#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "cr-dump/ahead.h"
#include "cr-dump/files.h"

static int order(pid_t a, pid_t b, int type, unsigned long x, unsigned long y, int *ret, struct err *e)
{
	long r = syscall(SYS_kcmp, a, b, type, x, y);

	if (r < 0) {
		err_set(e, errno, "cannot compare processes %d and %d (kcmp)", a, b);
		return errno == ENOSYS ? err_hint(e, "the kernel needs CONFIG_KCMP") : -1;
	}
	*ret = r == 0 ? 0 : r == 1 ? -1 : 1;
	return 0;
}

static struct open_file *remember(struct dump_ctx *ctx, struct task *t, const struct fdinfo *info)
{
	struct files *fs = files_of(ctx);
	struct open_file *of = pool_alloc(&ctx->pool, sizeof(*of));

	*of = (struct open_file){
		.files = fs,
		.task = t,
		.number = info->number,
		.ino = info->ino,
		.mnt_id = info->mnt_id,
		.info = info,
		.id = files_new_id(ctx),
	};
	*POOL_PUSH(&ctx->pool, fs->list, fs->nr_list) = of;
	return of;
}

/* Another number for each inode, without the order in which files were made: that would make a list of a tree. */
static uint64_t scramble(uint64_t ino)
{
	return ino * 0x9e3779b97f4a7c15;
}

static struct open_file **bucket(struct dump_ctx *ctx, uint64_t key)
{
	return &files_of(ctx)->same[key >> (64 - SAME_BITS)];
}

int same_file(struct dump_ctx *ctx, struct task *t, const struct fdinfo *info, struct open_file **ret, bool *new_ret,
	      struct err *e)
{
	uint64_t key = scramble(info->ino);
	struct open_file **at = bucket(ctx, key);
	int cmp = 0;

	while (*at) {
		struct open_file *of = *at;

		if (of->ino != info->ino)
			cmp = key < scramble(of->ino) ? -1 : 1;
		else if (of->mnt_id != info->mnt_id)
			cmp = info->mnt_id < of->mnt_id ? -1 : 1;
		else if (order(t->tid, of->task->tid, KCMP_FILE, info->number, of->number, &cmp, e))
			return -1;
		if (!cmp) {
			*ret = of;
			*new_ret = false;
			return 0;
		}
		at = cmp < 0 ? &of->less : &of->more;
	}
	*ret = *at = remember(ctx, t, info);
	*new_ret = true;
	return 0;
}

/* Of one inode there may be several, in a subtree. */
static const struct open_file *find_inode(const struct open_file *of, uint64_t ino,
					  bool (*fits)(const struct open_file *of, void *arg), void *arg)
{
	const struct open_file *found;

	while (of && of->ino != ino)
		of = scramble(ino) < scramble(of->ino) ? of->less : of->more;
	if (!of || fits(of, arg))
		return of;
	found = find_inode(of->less, ino, fits, arg);
	return found ? found : find_inode(of->more, ino, fits, arg);
}

const struct open_file *file_of_inode(struct dump_ctx *ctx, uint64_t ino,
				      bool (*fits)(const struct open_file *of, void *arg), void *arg)
{
	return find_inode(*bucket(ctx, scramble(ino)), ino, fits, arg);
}

/* Finds the first task that shares an object of this type with t; remembers t when there is none. */
static int find_sharer(struct dump_ctx *ctx, struct task *t, int type, struct sharer **root, const struct task **ret,
		       struct err *e)
{
	struct sharer **at = root;
	int cmp = 0;

	while (*at) {
		if (order(t->tid, (*at)->task->tid, type, 0, 0, &cmp, e))
			return -1;
		if (!cmp) {
			*ret = (*at)->task;
			return 0;
		}
		at = cmp < 0 ? &(*at)->less : &(*at)->more;
	}
	*at = pool_alloc(&ctx->pool, sizeof(**at));
	(*at)->task = t;
	*ret = NULL;
	return 0;
}

/* Threads that have one of their own cannot be made again: a thread begins with what its process has. */
static int check_threads(struct dump_ctx *ctx, struct task *t, int type, const char *what, struct err *e)
{
	int cmp;

	for (unsigned int i = 1; i < t->nr_threads; i++) {
		if (order(t->tid, t->threads[i].tr.tid, type, 0, 0, &cmp, e))
			return -1;
		if (cmp)
			refuse(ctx, t, NULL, "its thread %d has a %s of its own", t->threads[i].tr.tid, what);
	}
	return 0;
}

int same_outside(struct dump_ctx *ctx, struct task *t, int type, const char *what, struct err *e)
{
	const char *line;
	char *status;
	int parent;

	if (t->parent)
		return 0;
	if (ahead_get(ctx, t, 0, AHEAD_STATUS, &status, NULL, e))
		return -1;
	line = strstr(status, "\nPPid:");
	if (!line || sscanf(line, "\nPPid: %d", &parent) != 1)
		return err_set(e, 0, "/proc/%d/status does not tell the parent", t->tid);
	if (parent && !syscall(SYS_kcmp, t->tid, parent, type, 0, 0))
		refuse(ctx, t, NULL, "shares its %s with its parent, process %d, which is outside of the tree", what,
		       parent);
	return 0;
}

static int find_first(struct dump_ctx *ctx, struct task *t, int type, struct sharer **root, const char *what,
		      const struct task **ret, struct err *e)
{
	if (same_outside(ctx, t, type, what, e) || check_threads(ctx, t, type, what, e))
		return -1;
	return find_sharer(ctx, t, type, root, ret, e);
}

int same_table(struct dump_ctx *ctx, struct task *t, const struct task **first_ret, struct err *e)
{
	return find_first(ctx, t, KCMP_FILES, &files_of(ctx)->table_sharers, "table of open files (CLONE_FILES)",
			  first_ret, e);
}

int same_fs(struct dump_ctx *ctx, struct task *t, const struct task **first_ret, struct err *e)
{
	return find_first(ctx, t, KCMP_FS, &files_of(ctx)->fs_sharers, "working directory, root and umask (CLONE_FS)",
			  first_ret, e);
}
