// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking and asking: drives the parts over the tree. What only the task itself can tell is asked by one program a thread, all
 * threads of a task at once; the runner is gone again before anything is saved.
 */
#include <string.h>

#include "base/worker.h"
#include "cr-dump/ahead.h"
#include "cr-dump/dump.h"

#define PART(name) extern const struct dump_part dump_##name;
#include "cr-dump/parts.def"
#undef PART

static const struct dump_part *const parts[PART_COUNT] = {
#define PART(name) [PART_##name] = &dump_##name,
#include "cr-dump/parts.def"
#undef PART
};

static int look_at_all(struct dump_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct task *t = ctx->tasks[i];

		if (t->state == TASK_DEAD)
			continue;
		if (worker_check(e))
			return -1;
		for (int part = 0; part < PART_COUNT; part++)
			if (parts[part]->look && parts[part]->look(ctx, t, e))
				return err_in(e, "pid %d", t->pid);
	}
	return 0;
}

int look_tree(struct dump_ctx *ctx, struct err *e)
{
	int ret = look_at_all(ctx, e);

	ahead_end(ctx);
	return ret;
}

static int prepare(struct dump_ctx *ctx, struct task *t, unsigned int index, struct err *e)
{
	struct run_area area = infection_area(&t->inf, index);
	struct thread *th = &t->threads[index];

	prog_begin(&th->prog, &area);
	for (int part = 0; part < PART_COUNT; part++) {
		th->ask_at[part] = th->prog.nr;
		if (!index && parts[part]->ask)
			parts[part]->ask(ctx, t, &th->prog);
	}
	return 0;
}

/* The per-thread questions follow the task's, so that each part's answers begin at a known op: ask_at is moved there by save. */
static void prepare_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at[PART_COUNT])
{
	for (int part = 0; part < PART_COUNT; part++) {
		at[part] = th->prog.nr;
		if (parts[part]->ask_thread)
			parts[part]->ask_thread(ctx, t, th, &th->prog);
	}
}

static int run_all(struct dump_ctx *ctx, struct task *t, uint32_t (*at)[PART_COUNT], struct err *e)
{
	unsigned int started = 0;
	int ret = 0;

	for (unsigned int i = 0; i < t->nr_threads; i++) {
		prepare(ctx, t, i, e);
		prepare_thread(ctx, t, &t->threads[i], at[i]);
		if (prog_ready(&t->threads[i].prog, e))
			return -1;
	}
	for (; started < t->nr_threads && !ret; started++)
		ret = infection_start(&t->inf, &t->threads[started].tr, &t->threads[started].prog, e);
	for (unsigned int i = 0; i < started && !ret; i++)
		ret = infection_wait(&t->threads[i].tr, &t->threads[i].prog, e);
	for (unsigned int i = 0; i < t->nr_threads && !ret; i++)
		ret = prog_check(&t->threads[i].prog, e);
	return ret;
}

static int save_task(struct dump_ctx *ctx, struct task *t, uint32_t (*at)[PART_COUNT], struct err *e)
{
	for (int part = 0; part < PART_COUNT; part++) {
		const struct dump_part *p = parts[part];

		if (p->save && p->save(ctx, t, t->threads[0].ask_at[part], e))
			return -1;
		for (unsigned int i = 0; i < t->nr_threads; i++)
			if (p->save_thread && p->save_thread(ctx, t, &t->threads[i], at[i][part], e))
				return err_in(e, "thread %d", t->threads[i].tr.tid);
	}
	return 0;
}

static bool has_syscall(const struct task *t, const struct vma *v)
{
	return v->perms[0] == 'r' && v->perms[2] == 'x' && v->start < 1ULL << 63 &&
	       find_syscall_insn(t->pid, v->start, v->end - v->start);
}

/* Where the task can lend us a system call instruction: its vDSO, which is small, else any executable mapping. */
static const struct vma *lender(const struct task *t)
{
	for (size_t i = t->nr_vmas; i-- > 0;)
		if (!strcmp(t->vmas[i].path, "[vdso]") && has_syscall(t, &t->vmas[i]))
			return &t->vmas[i];
	for (size_t i = 0; i < t->nr_vmas; i++)
		if (has_syscall(t, &t->vmas[i]))
			return &t->vmas[i];
	return NULL;
}

static int infect_task(struct task *t, struct err *e)
{
	const struct vma *best = lender(t);

	if (!best)
		return err_set(e, 0, "no system call instruction found in any executable mapping");
	return infect(&t->inf, &t->threads[0].tr, best->start, best->end - best->start, LEADER_AREA, t->nr_threads - 1,
		      THREAD_AREA, e);
}

/* Infect, ask, save, cure. The answers live in the shared memory, so they are saved before it goes. */
static int ask_task(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	_cleanup_free_ uint32_t(*at)[PART_COUNT] = calloc(t->nr_threads, sizeof(*at));
	struct err curing;

	if (!at)
		return err_nomem(e, "the questions to a task");
	if (infect_task(t, e))
		return -1;
	if (run_all(ctx, t, at, e) || save_task(ctx, t, at, e)) {
		if (infection_cure(&t->inf, &curing))
			log_err(&curing);
		return -1;
	}
	return infection_cure(&t->inf, e);
}

int ask_tree(struct dump_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct task *t = ctx->tasks[i];

		if (worker_check(e))
			return -1;
		if (t->state != TASK_DEAD && ask_task(ctx, t, e))
			return err_in(e, "pid %d", t->pid);
	}
	for (int part = 0; part < PART_COUNT; part++)
		if (parts[part]->finish && parts[part]->finish(ctx, e))
			return -1;
	return 0;
}
