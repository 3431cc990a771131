// SPDX-License-Identifier: GPL-2.0-only
/* The other threads of a task, cloned by its leader with their own ids; each waits in the runner on its own stack. */
#include <errno.h>
#include <linux/sched.h>
#include <sys/syscall.h>

#include "cr-restore/agent.h"
#include "cr-restore/slack.h"
#include "restorer/threads.h"

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static int run(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	if (!p->nr)
		return 0;
	if (!agent_run(ctx, t, p, e))
		return 0;
	if (e->errnum == EEXIST)
		err_hint(
			e,
			"a process or thread with one of its thread ids exists; restore in a pid namespace of its own");
	return err_in(e, "cannot create the threads of process %d", t->pid);
}

int threads_create(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct clone_args a = { .flags = THREAD_FLAGS, .set_tid_size = 1 };
	struct prog p;

	agent_begin(t, &p);
	for (size_t i = 1; i < t->nr_threads; i++) {
		const struct agent_thread *th = &t->threads[i];

		if (!prog_fits(&p, 2, sizeof(a) + 32)) {
			if (run(ctx, t, &p, e))
				return -1;
			agent_begin(t, &p);
		}
		a.stack = th->area.remote + offsetof(struct run_slot, stack);
		a.stack_size = RUN_STACK_SIZE;
		a.set_tid = prog_bytes(&p, &th->tid, sizeof(th->tid));
		put_slack_to_inherit(th, &p);
		PROG(&p, RUN_CLONE, prog_bytes(&p, &a, sizeof(a)), sizeof(a), th->area.remote);
	}
	return run(ctx, t, &p, e);
}
