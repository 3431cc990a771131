// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adoption: a task that is in a session of its descendants, as orphans are that a subreaper took in. A foster, a helper in that
 * session, bears it and dies; the task's true parent is its subreaper for that moment. See birth.h.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "cr-restore/birth.h"

static int be_subreaper(struct restore_ctx *ctx, struct rtask *t, int on, struct err *e)
{
	struct prog p;

	agent_begin(t, &p);
	PROG(&p, SYS_prctl, PR_SET_CHILD_SUBREAPER, on);
	return agent_run(ctx, t, &p, e);
}

static int find_new_parent(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct prog p;

	agent_begin(t, &p);
	PROG(&p, SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	PROG(&p, SYS_getppid);
	prog_exact(&p, t->parent->pid);
	return agent_run(ctx, t, &p, e);
}

static int adopt(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct rtask *foster = t->born->cloner;

	if (birth_bear(ctx, foster, e) || birth_bear(ctx, t, e))
		return -1;
	if (ptrace(PTRACE_SEIZE, t->pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD))
		return err_set(e, errno, "cannot trace the new process %d", t->pid);
	t->born->traced = true;
	if (be_subreaper(ctx, t->parent, 1, e) || birth_end(ctx, foster, e) || be_subreaper(ctx, t->parent, 0, e))
		return -1;
	return find_new_parent(ctx, t, e) || birth_grow(ctx, t, e) ? -1 : 0;
}

int birth_adoptions(struct restore_ctx *ctx, bool *progress_ret, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];
		const struct rtask *foster = t->born->cloner;
		int ret;

		if (!t->born->adopted || t->born->exists || !foster->born->cloner->born->has_session ||
		    !t->parent->born->exists)
			continue;
		pthread_mutex_lock(&ctx->lock);
		ret = adopt(ctx, t, e);
		pthread_mutex_unlock(&ctx->lock);
		if (ret)
			return err_in(e, "adoption of process %d", t->pid);
		*progress_ret = true;
	}
	return 0;
}
