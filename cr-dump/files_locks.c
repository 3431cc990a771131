// SPDX-License-Identifier: GPL-2.0-only
/*
 * File locks (--file-locks): POSIX locks belong to a descriptor table, flock and OFD locks and leases to an open file. fdinfo shows
 * those of the table and of the file, and which task took them; a lease may be one that somebody is breaking. What is left of the time
 * to give it up is lost: it begins anew. A task that waits for a lock will wait again: that is system call restart.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr-dump/files.h"
#include "file-lock.pb-c.h"

/* Wire values of file_lock_entry.flag. */
enum { LOCK_POSIX = 1, LOCK_FLOCK = 2, LOCK_OFD = 4, LOCK_LEASE = 8 };
/* Added to the type of a lease: it has been asked to become this. */
#define LEASE_BREAKING 4

static void add(struct dump_ctx *ctx, const struct lock *l)
{
	struct files *fs = files_of(ctx);

	*POOL_PUSH(&ctx->pool, fs->locks, fs->nr_locks) = *l;
}

/* "1: POSIX  ADVISORY  WRITE 359 00:13:11691 0 EOF" */
static int parse(const char *val, char kind[16], struct lock *l, struct err *e)
{
	char state[16], access[16], end[24];
	int pid;

	if (sscanf(val, "%*d: %15s %15s %15s %d %*x:%*x:%*d %ld %23s", kind, state, access, &pid, &l->start, end) != 6)
		return err_set(e, 0, "fdinfo has \"lock: %s\", not a lock", val);
	l->pid = pid;
	l->type = !strcmp(access, "READ") ? F_RDLCK : !strcmp(access, "UNLCK") ? F_UNLCK : F_WRLCK;
	if (!strcmp(state, "BREAKING"))
		l->type |= LEASE_BREAKING;
	l->len = strcmp(end, "EOF") ? strtol(end, NULL, 10) - l->start + 1 : 0;
	return 0;
}

struct look {
	struct dump_ctx *ctx;
	struct task *task;
	struct open_file *file;
	int number;
	bool first_here; /* the first descriptor of the file in this table */
};

static int look_lock(void *arg, const char *key, const char *val, struct err *e)
{
	struct look *k = arg;
	struct lock l = { .file = k->file, .task = k->task, .number = k->number };
	char kind[16];

	if (strcmp(key, "lock"))
		return 0;
	if (parse(val, kind, &l, e))
		return -1;
	if (!strcmp(kind, "POSIX")) {
		l.flag = LOCK_POSIX;
	} else if (!strcmp(kind, "FLOCK")) {
		l.flag = LOCK_FLOCK;
	} else if (!strcmp(kind, "OFDLCK")) {
		l.flag = LOCK_OFD;
	} else if (!strcmp(kind, "LEASE")) {
		l.flag = LOCK_LEASE;
	} else {
		if (k->first_here && !k->file->locks_seen)
			refuse_file(k->ctx, k->file, NULL, "has a lock of an unknown sort (%s)", val);
		return 0;
	}
	if (l.flag == LOCK_POSIX ? !k->first_here : k->file->locks_seen)
		return 0;
	if (k->ctx->opts->file_locks)
		add(k->ctx, &l);
	else
		refuse(k->ctx, k->task, "--file-locks (-l) saves them", "fd %d has a %s (%s)", k->number,
		       l.flag == LOCK_LEASE ? "lease" : "file lock", val);
	return 0;
}

int locks_look(struct dump_ctx *ctx, const struct table *table, const struct slot *slot, const char *text,
	       struct err *e)
{
	struct look k = { ctx, table->task, slot->file, slot->number, true };
	int ret;

	for (const struct slot *s = table->slots; s < slot; s++)
		if (s->file == slot->file)
			k.first_here = false;
	ret = fdinfo_each(text, look_lock, &k, e);
	slot->file->locks_seen = true;
	return ret;
}

/* The first descriptor of the file in the table of a task; NULL: it has none. */
static struct slot *descriptor_of(struct dump_ctx *ctx, const struct task *t, const struct open_file *of)
{
	struct table *table = files_table(ctx, t);

	for (size_t i = 0; table && i < table->nr_slots; i++)
		if (table->slots[i].file == of)
			return &table->slots[i];
	return NULL;
}

static struct task *task_of(struct dump_ctx *ctx, pid_t pid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->pid == pid)
			return ctx->tasks[i];
	return NULL;
}

/* Whoever took the lock takes it again, if it still has the file (for a POSIX lock: in that table); else who has it. */
static struct slot *find_taker(struct dump_ctx *ctx, const struct lock *l, struct task **taker_ret)
{
	struct task *t = task_of(ctx, l->pid);
	struct slot *slot = t && (l->flag != LOCK_POSIX || t->files_id == l->task->files_id) ?
				    descriptor_of(ctx, t, l->file) :
				    NULL;

	*taker_ret = slot ? t : l->flag == LOCK_POSIX ? l->task : l->file->task;
	return slot ? slot : descriptor_of(ctx, *taker_ret, l->file);
}

void locks_settle(struct dump_ctx *ctx)
{
	struct files *fs = files_of(ctx);

	for (size_t i = 0; i < fs->nr_locks; i++) {
		struct lock *l = &fs->locks[i];
		struct task *taker;
		struct slot *slot = find_taker(ctx, l, &taker);

		l->pid = taker->pid;
		l->number = slot->number;
		slot->locks++;
	}
}

int locks_write(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	struct files *fs = files_of(ctx);

	if (!fs->nr_locks)
		return 0;
	if (img_create(ctx->images_fd, IMG_FILE_LOCKS, 0, &w, e))
		return -1;
	for (size_t i = 0; i < fs->nr_locks; i++) {
		const struct lock *l = &fs->locks[i];
		FileLockEntry r = FILE_LOCK_ENTRY__INIT;

		r.flag = l->flag;
		r.type = l->type;
		r.pid = l->pid;
		r.fd = l->number;
		r.start = l->start;
		r.len = l->len;
		if (img_put(w, &r.base, e))
			return -1;
	}
	return img_finish(&w, e);
}
