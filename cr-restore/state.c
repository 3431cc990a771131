// SPDX-License-Identifier: GPL-2.0-only
/* Runs the programs of all subjects of a task's state: see state.h. */
#include "cr-restore/state.h"
#include "cr-restore/agent.h"

#define STATE(name) extern const struct restore_state restore_##name;
#include "cr-restore/states.def"
#undef STATE

static const struct restore_state *const states[] = {
#define STATE(name) &restore_##name,
#include "cr-restore/states.def"
#undef STATE
};

int state_check(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		for (size_t s = 0; s < ARRAY_SIZE(states) && ctx->tasks[i]->state != TASK_DEAD; s++)
			if (states[s]->check && states[s]->check(ctx, ctx->tasks[i], e))
				return -1;
	return 0;
}

/* The first thread's program may also be for the task. */
static int build_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, bool task, struct err *e)
{
	thread_begin(th, &th->prog);
	for (size_t s = 0; s < ARRAY_SIZE(states); s++)
		if ((task && states[s]->task && states[s]->task(ctx, t, &th->prog, e)) ||
		    (states[s]->thread && states[s]->thread(ctx, t, th, &th->prog, e)))
			return -1;
	return 0;
}

static int run_last(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct prog p;

	agent_begin(t, &p);
	for (size_t s = 0; s < ARRAY_SIZE(states); s++)
		if (states[s]->last && states[s]->last(ctx, t, &p, e))
			return -1;
	return agent_run(ctx, t, &p, e);
}

static int run_before(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	for (size_t s = 0; s < ARRAY_SIZE(states); s++)
		if (states[s]->before && states[s]->before(ctx, t, e))
			return err_in(e, "pid %d", t->pid);
	return 0;
}

int state_restore_leader(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct agent_thread *leader = &t->threads[0];
	size_t nr = t->nr_threads;
	int ret;

	t->nr_threads = 1;
	ret = run_before(ctx, t, e) || build_thread(ctx, t, leader, false, e) || thread_start(t, &leader->prog, e) ||
			      thread_finish(t, leader, &leader->prog, e) ?
		      -1 :
		      0;
	t->nr_threads = nr;
	return ret;
}

int state_restore(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	if (run_before(ctx, t, e))
		return -1;
	for (size_t i = 0; i < t->nr_threads; i++) {
		struct agent_thread *th = &t->threads[i];

		if (build_thread(ctx, t, th, !i, e) || thread_start(t, &th->prog, e))
			return err_in(e, "pid %d: thread %d", t->pid, th->tid);
		if (!i && thread_finish(t, th, &th->prog, e))
			return -1;
	}
	for (size_t i = 1; i < t->nr_threads; i++)
		if (thread_finish(t, &t->threads[i], &t->threads[i].prog, e))
			return -1;
	return run_last(ctx, t, e);
}
