// SPDX-License-Identifier: GPL-2.0-only
/*
 * Epoll instances and what they watch. The kernel remembers a target as an open file and the number it was added under; fdinfo
 * shows the number only, which may mean another file by now: kcmp(2) tells which file it is.
 *
 * Restoring a target can report an edge a second time: what was reported already cannot be told, and to report too often is allowed.
 */
#include <errno.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/syscall.h>

#include "cr-dump/files.h"

static bool epoll_claims(const struct fd_facts *f)
{
	return !strcmp(f->link, "anon_inode:[eventpoll]");
}

struct collect {
	struct dump_ctx *ctx;
	EventpollFileEntry *rec;
};

/* "tfd:  13 events: 80000019 data: 1122334455667788  pos:0 ino:40e sdev:10", of which the key is split off. */
static int epoll_key(void *arg, const char *key, const char *val, struct err *e)
{
	struct collect *c = arg;
	EventpollTfdEntry *t;
	unsigned long data, ino;
	long pos;

	if (strcmp(key, "tfd"))
		return 0;
	t = POOL_MSG(&c->ctx->pool, EventpollTfdEntry, eventpoll_tfd_entry);
	if (sscanf(val, "%u events: %x data: %lx pos:%ld ino:%lx sdev:%x", &t->tfd, &t->events, &data, &pos, &ino,
		   &t->dev) != 6)
		return err_set(e, 0, "fdinfo has \"tfd: %s\", not a target", val);
	t->data = data;
	t->inode = ino;
	t->pos = pos;
	t->has_dev = t->has_inode = t->has_pos = true;
	*POOL_PUSH(&c->ctx->pool, c->rec->tfd, c->rec->n_tfd) = t;
	return 0;
}

static int epoll_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	EventpollFileEntry *r = POOL_MSG(&ctx->pool, EventpollFileEntry, eventpoll_file_entry);

	r->id = of->id;
	r->flags = f->flags;
	r->fown = f->fown;
	if (fdinfo_each(f->text, epoll_key, &(struct collect){ ctx, r }, e))
		return -1;
	of->entry->epfd = r;
	return 0;
}

/* Is descriptor `number` of thread tid the target that was added as tfd, the nth (from 0) of those with that number? */
static int is_target(const struct open_file *ep, pid_t tid, int number, uint32_t tfd, uint32_t nth, bool *ret,
		     struct err *e)
{
	struct kcmp_epoll_slot slot = { ep->number, tfd, nth };
	long r = syscall(SYS_kcmp, tid, ep->task->tid, KCMP_EPOLL_TFD, number, &slot);

	if (r < 0)
		return err_set(e, errno, "cannot tell which file the epoll target %u is (kcmp)", tfd);
	*ret = r == 0;
	return 0;
}

/*
 * Finds the target among the descriptors of the task that holds the epoll instance: usually under the number it was added as,
 * else under any. *number_ret is -1 when it is not there.
 */
static int find_target(struct dump_ctx *ctx, const struct open_file *ep, const EventpollTfdEntry *t, uint32_t nth,
		       int *number_ret, struct err *e)
{
	const struct table *table = files_table(ctx, ep->task);
	const struct slot *s = table ? table_slot(table, t->tfd) : NULL;
	bool yes = false;

	*number_ret = -1;
	if (s && s->file->ino == t->inode && is_target(ep, ep->task->tid, t->tfd, t->tfd, nth, &yes, e))
		return -1;
	if (yes) {
		*number_ret = t->tfd;
		return 0;
	}
	for (size_t i = 0; table && i < table->nr_slots; i++) {
		if (table->slots[i].file->ino != t->inode)
			continue;
		if (is_target(ep, ep->task->tid, table->slots[i].number, t->tfd, nth, &yes, e))
			return -1;
		if (yes) {
			*number_ret = table->slots[i].number;
			return 0;
		}
	}
	return 0;
}

/* Among all files of the tree: another task has the target, or it is on its way through a socket, as the instance may be. */
static int find_file(struct dump_ctx *ctx, const struct open_file *ep, EventpollTfdEntry *t, uint32_t nth,
		     struct err *e)
{
	const struct files *fs = files_of(ctx);
	bool yes = false;

	for (size_t i = 0; i < fs->nr_list && !yes; i++) {
		const struct open_file *of = fs->list[i];

		if (of->ino != t->inode || !of->entry)
			continue;
		if (is_target(ep, of->task->tid, of->number, t->tfd, nth, &yes, e))
			return -1;
		t->has_file_id = yes;
		t->file_id = of->id;
	}
	if (!yes)
		refuse_file(ctx, ep, NULL,
			    "is an epoll instance with a target (added as fd %u, inode %lu) that is closed in the tree",
			    t->tfd, t->inode);
	return 0;
}

/* How many targets before the i-th were added under the same number. */
static uint32_t nth_of(const EventpollFileEntry *r, size_t i)
{
	uint32_t nth = 0;

	for (size_t j = 0; j < i; j++)
		nth += r->tfd[j]->tfd == r->tfd[i]->tfd;
	return nth;
}

static int resolve(struct dump_ctx *ctx, const struct open_file *ep, struct err *e)
{
	EventpollFileEntry *r = ep->entry->epfd;
	int *numbers = pool_alloc(&ctx->pool, (r->n_tfd + 1) * sizeof(*numbers));
	bool all = true;

	for (size_t i = 0; i < r->n_tfd; i++) {
		if (find_target(ctx, ep, r->tfd[i], nth_of(r, i), &numbers[i], e))
			return -1;
		all &= numbers[i] >= 0;
	}
	for (size_t i = 0; i < r->n_tfd; i++) {
		EventpollTfdEntry *t = r->tfd[i];

		if (!all && find_file(ctx, ep, t, nth_of(r, i), e))
			return -1;
		if (all && (uint32_t)numbers[i] != t->tfd) {
			t->has_added_as = true;
			t->added_as = t->tfd;
		}
	}
	for (size_t i = 0; all && i < r->n_tfd; i++)
		r->tfd[i]->tfd = numbers[i];
	return 0;
}

static int epoll_looked(struct dump_ctx *ctx, struct err *e)
{
	struct files *fs = files_of(ctx);

	for (size_t i = 0; i < fs->nr_list; i++) {
		const struct open_file *of = fs->list[i];

		if (of->entry && of->entry->epfd && resolve(ctx, of, e)) {
			err_in(e, "fd %d (epoll)", of->number);
			return err_in(e, "pid %d", of->task->pid);
		}
	}
	return 0;
}

const struct dump_kind dump_epoll = {
	.name = "epoll",
	.type = FD_TYPES__EVENTPOLL,
	.claims = epoll_claims,
	.save = epoll_save,
	.looked = epoll_looked,
};
