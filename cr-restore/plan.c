// SPDX-License-Identifier: GPL-2.0-only
/* The plan: everything that can go wrong and can be known beforehand is found before any process exists, and told all at once. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/procstate.h"
#include "cr-restore/birth.h"
#include "cr-restore/leader.h"
#include "cr-restore/load.h"
#include "cr-restore/plan.h"
#include "cr-restore/state.h"
#include "restorer/arch/regs.h"
#include "restorer/memory.h"

void problem(struct restore_ctx *ctx, const char *hint, const char *fmt, ...)
{
	struct err e;
	char text[sizeof(e.what)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(&e, 0, "%s", text);
	if (hint)
		err_hint(&e, "%s", hint);
	log_err(&e);
	ctx->nr_problems++;
}

#define REAP_PATIENCE_MS 5000

/* What a dump has just killed holds its pid until its parent has waited for it: that is worth a moment. */
static bool is_taken(pid_t pid, unsigned int *patience_ms)
{
	const struct timespec pause = { 0, 10000000 };
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid); /* there for threads too */
	while (!access(path, F_OK)) {
		if (!*patience_ms || !proc_is_zombie(pid))
			return true;
		nanosleep(&pause, NULL);
		*patience_ms -= 10;
	}
	return false;
}

static void check_pid(struct restore_ctx *ctx, pid_t pid, unsigned int *patience_ms)
{
	if (!is_taken(pid, patience_ms))
		return;
	if (proc_is_zombie(pid))
		problem(ctx, "its parent has to wait for it first", "pid %d is taken by a zombie", pid);
	else
		problem(ctx, "end it, or restore in a pid namespace of its own", "pid %d is taken", pid);
}

static void check_ids(struct restore_ctx *ctx)
{
	unsigned int patience_ms = REAP_PATIENCE_MS; /* for all of them together */

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		check_pid(ctx, t->pid, &patience_ms);
		for (size_t j = 1; j < t->nr_threads; j++)
			check_pid(ctx, t->threads[j].tid, &patience_ms);
	}
}

static void check_registers(struct restore_ctx *ctx)
{
	char why[128];

	ctx->regs_layout = pool_alloc(&ctx->pool, sizeof(*ctx->regs_layout));
	regs_ask_layout(ctx->regs_layout);

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		for (size_t j = leader_ends(t); t->state != TASK_DEAD && j < t->nr_threads; j++)
			if (!regs_loadable(ctx->regs_layout, t->threads[j].core, why, sizeof(why)))
				problem(ctx, NULL, "thread %d cannot be restored: %s", t->threads[j].tid, why);
	}
}

/* Of what tasks can share, by the ids in the images, this version makes one a task of these. */
static void check_shared(struct restore_ctx *ctx)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		for (size_t j = 0; j < i; j++) {
			const TaskKobjIdsEntry *a = ctx->tasks[i]->core ? ctx->tasks[i]->core->ids : NULL;
			const TaskKobjIdsEntry *b = ctx->tasks[j]->core ? ctx->tasks[j]->core->ids : NULL;
			const char *what = !a || !b			  ? NULL :
					   a->vm_id == b->vm_id		  ? "memory" :
					   a->sighand_id == b->sighand_id ? "signal handlers" :
									    NULL;

			if (what)
				problem(ctx, NULL,
					"processes %d and %d share their %s, which this version cannot restore",
					ctx->tasks[j]->pid, ctx->tasks[i]->pid, what);
		}
}

static void print(struct restore_ctx *ctx)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *t = ctx->tasks[i];
		uint64_t pages = 0;

		if (t->helper) {
			printf("pid %d: a helper that holds its id for a while\n", t->pid);
			continue;
		}
		for (size_t j = 0; t->memory && j < t->memory->pages.nr_runs; j++)
			pages += t->memory->pages.runs[j].nr;
		printf("pid %d (%s): parent %d, session %d, group %d, ", t->pid, t->core->tc->comm,
		       t->parent ? t->parent->pid : 0, t->sid, t->pgid);
		if (t->state == TASK_DEAD)
			printf("a zombie, status %d\n", t->core->tc->exit_code);
		else
			printf("%zu threads%s, %zu mappings, %lu pages, %zu descriptors%s%s\n", t->nr_threads,
			       leader_ends(t) ? " (the first one has ended)" : "", t->mm->n_vmas, pages, t->nr_fds,
			       t->state == TASK_STOPPED ? ", stopped" : "",
			       t->memory->shares_pages ? ", shares pages with its parent" : "");
		if (t->state != TASK_DEAD && t->table_of != t)
			printf("pid %d: has the descriptor table of process %d\n", t->pid, t->table_of->pid);
		if (t->state != TASK_DEAD && t->fs_of != t)
			printf("pid %d: has the working directory of process %d\n", t->pid, t->fs_of->pid);
	}
}

int plan_restore(struct restore_ctx *ctx, struct err *e)
{
	if (load_tree(ctx, e) || birth_plan(ctx, e) || memory_plan(ctx, e) || files_load(ctx, e) ||
	    files_check(ctx, e) || state_check(ctx, e))
		return -1;
	check_ids(ctx);
	check_registers(ctx);
	check_shared(ctx);
	if (ctx->nr_problems)
		return err_set(e, 0, "%zu problem%s; nothing was restored", ctx->nr_problems,
			       ctx->nr_problems == 1 ? "" : "s");
	if (ctx->opts->plan)
		print(ctx);
	return 0;
}
