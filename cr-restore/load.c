// SPDX-License-Identifier: GPL-2.0-only
/* Reads what the images say of the tasks, before any of them exists. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cr-restore/leader.h"
#include "cr-restore/load.h"
#include "inventory.pb-c.h"
#include "pstree.pb-c.h"

static struct rtask *task_by_pid(struct restore_ctx *ctx, pid_t pid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->pid == pid)
			return ctx->tasks[i];
	return NULL;
}

static int load_inventory(struct restore_ctx *ctx, struct err *e)
{
	ProtobufCMessage *msg;
	InventoryEntry *inv;
	int ret = 0;

	if (img_read_one(ctx->images_fd, IMG_INVENTORY, 0, &msg, e)) {
		if (e->errnum == ENOENT)
			err_hint(
				e,
				"without an inventory %s holds no complete checkpoint: the dump failed, or it is another directory",
				ctx->opts->images_dir);
		return -1;
	}
	inv = (InventoryEntry *)msg;
	if (inv->img_version < 1 || inv->img_version > IMG_VERSION)
		ret = err_set(e, 0, "the images are of version %u; this program reads versions 1 to %u",
			      inv->img_version, IMG_VERSION);
	ctx->tcp_close = ctx->opts->tcp_close || inv->tcp_close;
	ctx->dump_uptime_us = inv->has_dump_time ? inv->dump_uptime : 0;
	ctx->dump_time_us = inv->dump_time;
	img_free(msg);
	return ret;
}

static int load_thread(struct restore_ctx *ctx, struct agent_thread *th, pid_t tid, struct err *e)
{
	ProtobufCMessage *msg;

	th->tid = tid;
	if (img_read_one(ctx->images_fd, IMG_CORE, tid, &msg, e))
		return -1;
	th->core = (CoreEntry *)msg;
	if (th->core->mtype != CORE_ENTRY__MARCH__X86_64)
		return err_set(e, 0, "core-%d.img is of another CPU architecture (%d)", tid, th->core->mtype);
	return 0;
}

static int load_alive(struct restore_ctx *ctx, struct rtask *t, const PstreeEntry *p, struct err *e)
{
	ProtobufCMessage *msg;

	t->nr_threads = p->n_threads;
	t->threads = pool_alloc(&ctx->pool, p->n_threads * sizeof(*t->threads));
	for (size_t i = 0; i < p->n_threads; i++)
		if (i && load_thread(ctx, &t->threads[i], p->threads[i], e))
			return -1;
	if (!t->core->thread_info || !t->core->thread_core)
		return err_set(e, 0, "core-%d.img has no registers", t->pid);
	if (leader_ends(t) && t->nr_threads < 2)
		return err_set(e, 0, "core-%d.img: its only thread has ended, but it is not dead", t->pid);
	for (size_t i = 1; i < t->nr_threads; i++)
		if (!t->threads[i].core->thread_info || !t->threads[i].core->thread_core)
			return err_set(e, 0, "core-%d.img has no registers", t->threads[i].tid);
	t->threads[0].tid = t->pid;
	t->threads[0].core = t->core;
	if (!t->core->ids) {
		if (img_read_one(ctx->images_fd, IMG_IDS, t->pid, &msg, e))
			return -1;
		t->core->ids = (TaskKobjIdsEntry *)msg;
	}
	if (img_read_one(ctx->images_fd, IMG_MM, t->pid, &msg, e))
		return -1;
	t->mm = (MmEntry *)msg;
	return 0;
}

static int load_task(struct restore_ctx *ctx, const PstreeEntry *p, struct err *e)
{
	struct rtask *t = pool_alloc(&ctx->pool, sizeof(*t));
	ProtobufCMessage *msg;

	*t = (struct rtask){ .pid = p->pid, .pgid = p->pgid, .sid = p->sid };
	if (task_by_pid(ctx, p->pid))
		return err_set(e, 0, "pstree.img names process %u twice", p->pid);
	t->parent = p->ppid ? task_by_pid(ctx, p->ppid) : NULL;
	if (!t->parent && ctx->nr_tasks)
		return err_set(e, 0, "pstree.img: the parent %u of process %u is not in the tree before it", p->ppid,
			       p->pid);
	if (img_read_one(ctx->images_fd, IMG_CORE, p->pid, &msg, e))
		return -1;
	t->core = (CoreEntry *)msg;
	if (!t->core->tc)
		return err_set(e, 0, "core-%u.img lacks the state of the task", p->pid);
	if (t->core->mtype != CORE_ENTRY__MARCH__X86_64)
		return err_set(e, 0, "core-%d.img is of another CPU architecture (%d)", p->pid, t->core->mtype);
	t->state = t->core->tc->task_state;
	*POOL_PUSH(&ctx->pool, ctx->tasks, ctx->nr_tasks) = t;
	if (t->state == TASK_DEAD)
		return 0;
	if (t->state != TASK_ALIVE && t->state != TASK_STOPPED)
		return err_set(e, 0, "core-%u.img: unknown task state %d", p->pid, t->state);
	if (!p->n_threads || p->threads[0] != p->pid)
		return err_set(e, 0, "pstree.img: process %u is not its own first thread", p->pid);
	return load_alive(ctx, t, p, e);
}

/* Whom a living task shares its descriptor table with, and its working directory. */
static void find_shared(struct restore_ctx *ctx, struct rtask *t)
{
	for (size_t i = 0; i < ctx->nr_tasks && (!t->table_of || !t->fs_of); i++) {
		struct rtask *other = ctx->tasks[i];

		if (other->state == TASK_DEAD)
			continue;
		if (!t->table_of && other->core->ids->files_id == t->core->ids->files_id)
			t->table_of = other;
		if (!t->fs_of && other->core->ids->fs_id == t->core->ids->fs_id)
			t->fs_of = other;
	}
}

int load_tree(struct restore_ctx *ctx, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int got;

	if (load_inventory(ctx, e) || img_open(ctx->images_fd, IMG_PSTREE, 0, &r, e))
		return -1;
	while ((got = img_get(r, &msg, e)) > 0) {
		int ret = load_task(ctx, (PstreeEntry *)msg, e);

		img_free(msg);
		if (ret)
			return -1;
	}
	if (got < 0)
		return -1;
	if (!ctx->nr_tasks || ctx->tasks[0]->state == TASK_DEAD)
		return err_set(e, 0, "pstree.img has no living root process");
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->state != TASK_DEAD)
			find_shared(ctx, ctx->tasks[i]);
	return 0;
}

void load_free(struct restore_ctx *ctx)
{
	if (ctx->filters)
		img_free(&ctx->filters->base);
	img_free((ProtobufCMessage *)ctx->apparmor);
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (t->helper)
			continue;
		img_free(t->core);
		img_free(t->mm);
		for (size_t j = 0; j < t->nr_threads; j++)
			if (t->threads[j].core != t->core)
				img_free(t->threads[j].core);
	}
}
