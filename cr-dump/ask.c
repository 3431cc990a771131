// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking and asking: drives the parts over the tree. What only the task itself can tell is asked by one program a thread, all
 * threads of a task at once; the runner is gone again before anything is saved.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/worker.h"
#include "cr-dump/ahead.h"
#include "cr-dump/rescue.h"
#include "cr-dump/task.h"

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
	for (int part = 0; part < PART_COUNT; part++)
		if (parts[part]->begin && parts[part]->begin(ctx, e))
			return -1;
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
	for (int part = 0; part < PART_COUNT; part++)
		if (parts[part]->looked && parts[part]->looked(ctx, e))
			return -1;
	return 0;
}

int look_tree(struct dump_ctx *ctx, struct err *e)
{
	int ret = look_at_all(ctx, e);

	ahead_end(ctx);
	return ret;
}

/* --- one task, step by step --------------------------------------------------------------------------------- */

/* A task that is being asked. */
struct asked {
	struct task *t;
	uint32_t (*at)[PART_COUNT]; /* of each thread: where each part's questions begin */
	unsigned int taken;	    /* bit n: step n of the list below has succeeded */
};

/* The task's own questions come first in the leader's program, then those to each thread. */
static void write_questions(struct dump_ctx *ctx, struct asked *a, unsigned int index)
{
	struct run_area area = infection_area(&a->t->inf, index);
	struct thread *th = &a->t->threads[index];

	prog_begin(&th->prog, &area);
	for (int part = 0; part < PART_COUNT; part++) {
		th->ask_at[part] = th->prog.nr;
		if (!index && parts[part]->ask)
			parts[part]->ask(ctx, a->t, &th->prog);
	}
	for (int part = 0; part < PART_COUNT; part++) {
		a->at[index][part] = th->prog.nr;
		if (parts[part]->ask_thread)
			parts[part]->ask_thread(ctx, a->t, th, &th->prog);
	}
}

/* For a test: what runs in the thread changes the registers that it otherwise leaves alone. */
static int spoil_registers(struct dump_ctx *ctx, struct thread *th, struct err *e)
{
	if (ctx->opts->fault != FAULT_SPOIL_REGISTERS)
		return 0;
	PROG(&th->prog, RUN_SPOIL, cpu_vector_size());
	return tracee_keep_xstate(&th->tr, pool_alloc(&ctx->pool, CPU_XSTATE_MAX), e);
}

/* Where memory has protection keys, a thread may have given up its right to touch what has none, as ours. */
static int open_memory(struct dump_ctx *ctx, const struct task *t, struct thread *th, struct err *e)
{
	struct tracee *tr = &th->tr;

	if (!t->uses_keys)
		return 0;
	if (!tr->xstate && tracee_keep_xstate(tr, pool_alloc(&ctx->pool, CPU_XSTATE_MAX), e))
		return -1;
	return cpu_lacks_rights(tr->xstate, tr->xstate_len) ? cpu_all_rights(tr->tid, tr->xstate, tr->xstate_len, e) :
							      0;
}

/* All have the same vDSO, mostly: what was found in one is at the same place in the next. */
static bool try_last_site(struct dump_ctx *ctx, const struct task *t, const struct vma *v, struct cpu_site *site)
{
	const struct cpu_site *last = &ctx->site;
	char insn[CPU_SYSCALL_INSN_SIZE], park[CPU_PARK_SIZE];
	struct iovec here[] = { { insn, sizeof(insn) }, { park, sizeof(park) } };
	struct iovec there[] = { { (void *)(v->start + last->insn), sizeof(insn) },
				 { (void *)(v->start + last->park), sizeof(park) } };

	if (!last->insn || last->insn + sizeof(insn) > v->end - v->start ||
	    last->park + sizeof(park) > v->end - v->start ||
	    process_vm_readv(t->tid, here, 2, there, 2, 0) != sizeof(insn) + sizeof(park) ||
	    cpu_find_syscall(insn, sizeof(insn)) || cpu_find_park(park, sizeof(park)))
		return false;
	*site = (struct cpu_site){ v->start + last->insn, v->start + last->park, park[0] };
	return true;
}

static bool is_readable_code(const struct vma *v)
{
	return v->perms[2] == 'x' && v->perms[0] == 'r' && v->start < 1ULL << 63;
}

/* Where the task can make calls for us: in its vDSO, else in any executable mapping. */
static void look_for_site(struct dump_ctx *ctx, const struct task *t, struct cpu_site *site)
{
	for (size_t i = t->nr_vmas; i-- > 0 && !(site->insn && site->park);) { /* the vDSO is among the last */
		const struct vma *v = &t->vmas[i];
		bool first = !site->insn && !site->park;

		if (!is_readable_code(v) || (first && try_last_site(ctx, t, v, site)))
			continue;
		find_site(t->tid, v->start, v->end - v->start, site);
		if (first && site->insn && site->park)
			ctx->site = (struct cpu_site){ site->insn - v->start, site->park - v->start, 0 };
	}
}

static int step_infect(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	struct task *t = a->t;
	struct cpu_site site = { 0 };

	look_for_site(ctx, t, &site);

	a->at = calloc(t->nr_threads, sizeof(*a->at));
	if (!a->at)
		return err_nomem(e, "the questions to a task");
	if (!site.insn)
		return err_set(e, 0, "no system call instruction found in any executable mapping");
	if (ctx->opts->fault == FAULT_KILL_DUMPER)
		raise(SIGKILL);
	for (unsigned int i = 0; i < t->nr_threads; i++)
		t->threads[i].tr.loan = rescue_loan(ctx);
	return infect_begin(&t->inf, &t->threads[0].tr, &site, LEADER_AREA + t->ask_room, t->nr_threads - 1,
			    THREAD_AREA, e);
}

static int step_infect_enter(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	return infect_enter(&a->t->inf, e);
}

static int step_infect_end(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	return infect_end(&a->t->inf, e) || fault_strikes(ctx->opts->fault, FAULT_CHANNEL, e) ? -1 : 0;
}

static int step_start(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	struct task *t = a->t;

	for (unsigned int i = 0; i < t->nr_threads; i++) {
		write_questions(ctx, a, i);
		if (spoil_registers(ctx, &t->threads[i], e) || open_memory(ctx, t, &t->threads[i], e) ||
		    prog_ready(&t->threads[i].prog, e))
			return -1;
	}
	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (infection_start(&t->inf, &t->threads[i].tr, &t->threads[i].prog, e))
			return -1;
	return 0;
}

static int step_await(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	for (unsigned int i = 0; i < a->t->nr_threads; i++)
		if (infection_await(&a->t->threads[i].tr, &a->t->threads[i].prog, e))
			return -1;
	return 0;
}

static int step_settle(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	for (unsigned int i = 0; i < a->t->nr_threads; i++)
		if (infection_settle(&a->t->threads[i].tr, e) || tracee_restore_xstate(&a->t->threads[i].tr, e))
			return -1;
	return 0;
}

/* The answers live in the shared memory, so they are saved before it goes: from a copy, which nobody else can change meanwhile. */
static int step_save(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	struct task *t = a->t;
	_cleanup_free_ char *copy = calloc(1, t->inf.size + ANSWER_MAX);

	if (!copy)
		return err_nomem(e, "the answers of a task");
	for (unsigned int i = 0; i < t->nr_threads; i++)
		prog_keep(&t->threads[i].prog, copy + (t->threads[i].prog.area.local - t->inf.local));
	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (prog_check(&t->threads[i].prog, e))
			return -1;
	for (int part = 0; part < PART_COUNT; part++) {
		const struct dump_part *p = parts[part];

		if (p->save && p->save(ctx, t, t->threads[0].ask_at[part], e))
			return -1;
		for (unsigned int i = 0; i < t->nr_threads; i++)
			if (p->save_thread && p->save_thread(ctx, t, &t->threads[i], a->at[i][part], e))
				return err_in(e, "thread %d", t->threads[i].tr.tid);
	}
	return 0;
}

/* Each thread is itself again as soon as it can be, and none is left in what is unmapped then. */
static int step_cure(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	for (unsigned int i = 1; i < a->t->nr_threads; i++)
		if (tracee_restore(&a->t->threads[i].tr, e))
			return -1;
	return cure_begin(&a->t->inf, e);
}

static int step_cure_enter(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	return cure_enter(&a->t->inf, e);
}

static int step_cure_end(struct dump_ctx *ctx, struct asked *a, struct err *e)
{
	return cure_end(&a->t->inf, e);
}

/* --- many tasks at once ------------------------------------------------------------------------------------- */

/*
 * The steps, in order. While one task does its part, the next is told to: most of the time goes by in switching between them and us.
 * What was begun in a task is brought to its end even when something failed in another; nothing new is begun then.
 */
enum { INFECT, INFECT_ENTER, INFECT_END, START, AWAIT, SETTLE, SAVE, CURE, CURE_ENTER, CURE_END, NR_STEPS };

static const struct step {
	int (*take)(struct dump_ctx *ctx, struct asked *a, struct err *e);
	unsigned int after; /* the steps that must have been taken in this task: a bit mask */
	bool begins;	    /* not after a failure anywhere */
} steps[NR_STEPS] = {
	[INFECT] = { step_infect, 0, true },
	[INFECT_ENTER] = { step_infect_enter, 1 << INFECT, false },
	[INFECT_END] = { step_infect_end, 1 << INFECT_ENTER, false },
	[START] = { step_start, 1 << INFECT_END, true },
	[AWAIT] = { step_await, 1 << START, false },
	[SETTLE] = { step_settle, 1 << AWAIT, false },
	[SAVE] = { step_save, 1 << SETTLE, true },
	[CURE] = { step_cure, 1 << INFECT_END, false },
	[CURE_ENTER] = { step_cure_enter, 1 << CURE, false },
	[CURE_END] = { step_cure_end, 1 << CURE_ENTER, false },
};

#define BATCH 64 /* tasks; more gain nothing and hold more memory */

static int ask_batch(struct dump_ctx *ctx, struct asked *asked, size_t nr, struct err *e)
{
	struct err later;
	int ret = 0;

	for (size_t s = 0; s < NR_STEPS; s++)
		for (size_t i = 0; i < nr; i++) {
			struct asked *a = &asked[i];
			struct err *into = ret ? &later : e; /* the first failure is the one to tell */

			if ((a->taken & steps[s].after) != steps[s].after || (ret && steps[s].begins))
				continue;
			if (!steps[s].take(ctx, a, into)) {
				a->taken |= 1u << s;
				continue;
			}
			err_in(into, "pid %d", a->t->pid);
			ret = -1;
		}
	for (size_t i = 0; i < nr; i++)
		free(asked[i].at);
	return ret;
}

int ask_tree(struct dump_ctx *ctx, struct err *e)
{
	size_t i = 0;

	while (i < ctx->nr_tasks) {
		struct asked batch[BATCH] = { 0 };
		size_t nr = 0;

		if (worker_check(e))
			return -1;
		for (; i < ctx->nr_tasks && nr < BATCH; i++)
			if (ctx->tasks[i]->state != TASK_DEAD)
				batch[nr++].t = ctx->tasks[i];
		if (ask_batch(ctx, batch, nr, e))
			return -1;
	}
	for (int part = 0; part < PART_COUNT; part++)
		if (parts[part]->finish && parts[part]->finish(ctx, e))
			return -1;
	return 0;
}
