// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which descriptors are the same open file, which tasks share their tables: kcmp(2) knows. It also gives an order, so the known
 * files of one inode form a binary tree; the order is that of scrambled addresses, which keeps the tree balanced.
 */
#include <errno.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>

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

static struct open_file *remember(struct dump_ctx *ctx, const struct open_file *key)
{
	struct files *fs = files_of(ctx);
	struct open_file *of = pool_copy(&ctx->pool, key, sizeof(*key));

	of->id = files_new_id(ctx);
	*POOL_PUSH(&ctx->pool, fs->list, fs->nr_list) = of;
	return of;
}

int same_file(struct dump_ctx *ctx, struct task *t, int number, uint64_t ino, int mnt_id, struct open_file **ret,
	      bool *new_ret, struct err *e)
{
	struct files *fs = files_of(ctx);
	struct open_file key = { .files = fs, .task = t, .number = number, .ino = ino, .mnt_id = mnt_id };
	struct open_file **at = &fs->same[(ino ^ ino >> 10) % SAME_BUCKETS];
	int cmp = 0;

	while (*at) {
		struct open_file *of = *at;

		if (of->ino != ino)
			cmp = ino < of->ino ? -1 : 1;
		else if (of->mnt_id != mnt_id)
			cmp = mnt_id < of->mnt_id ? -1 : 1;
		else if (order(t->pid, of->task->pid, KCMP_FILE, number, of->number, &cmp, e))
			return -1;
		if (!cmp) {
			*ret = of;
			*new_ret = false;
			return 0;
		}
		at = cmp < 0 ? &of->less : &of->more;
	}
	*ret = *at = remember(ctx, &key);
	*new_ret = true;
	return 0;
}

/* Finds the first task that shares an object of this type with t; remembers t when there is none. */
static int find_sharer(struct dump_ctx *ctx, struct task *t, int type, struct sharer **root, const struct task **ret,
		       struct err *e)
{
	struct sharer **at = root;
	int cmp = 0;

	while (*at) {
		if (order(t->pid, (*at)->task->pid, type, 0, 0, &cmp, e))
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

static int same_table(struct dump_ctx *ctx, struct task *t, int type, struct sharer **root, const char *what,
		      struct err *e)
{
	const struct task *other;
	int cmp;

	if (find_sharer(ctx, t, type, root, &other, e))
		return -1;
	if (other)
		refuse(ctx, t, NULL, "shares its %s with process %d", what, other->pid);
	for (unsigned int i = 1; i < t->nr_threads; i++) {
		if (order(t->pid, t->threads[i].tr.tid, type, 0, 0, &cmp, e))
			return -1;
		if (cmp)
			refuse(ctx, t, NULL, "its thread %d has a %s of its own", t->threads[i].tr.tid, what);
	}
	return 0;
}

int same_tables(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	struct files *fs = files_of(ctx);

	if (same_table(ctx, t, KCMP_FILES, &fs->table_sharers, "table of open files (CLONE_FILES)", e))
		return -1;
	return same_table(ctx, t, KCMP_FS, &fs->fs_sharers, "working directory, root and umask (CLONE_FS)", e);
}
