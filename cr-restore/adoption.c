// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adoption: of tasks that cannot be born where they belong, as orphans that a subreaper took in. A foster, a helper in the right
 * session, bears such a task, and dies when all tasks are born; the true parent is its subreaper for that moment. See birth.h.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cr-restore/birth.h"
#include "restorer/release.h"

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

static int bear_fostered(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	if (birth_bear(ctx, t->born->cloner, e) || birth_bear(ctx, t, e))
		return -1;
	if (release_trace(ctx, t, &t->threads[0], e))
		return -1;
	t->born->traced = true;
	if (birth_grow(ctx, t, e))
		return -1;
	return birth_bear_due(ctx, t->born->cloner->born->cloner, e);
}

int birth_fostered(struct restore_ctx *ctx, bool *progress_ret, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];
		int ret;

		if (!t->born->adopted || t->born->exists || !t->born->cloner->born->cloner->born->has_session ||
		    !birth_can_inherit(t->born->cloner))
			continue;
		pthread_mutex_lock(&ctx->lock);
		ret = bear_fostered(ctx, t, e);
		pthread_mutex_unlock(&ctx->lock);
		if (ret)
			return err_in(e, "birth of process %d by a foster", t->pid);
		*progress_ret = true;
	}
	return 0;
}

static int adopt(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	if (be_subreaper(ctx, t->parent, 1, e) || birth_end(ctx, t->born->cloner, e) ||
	    be_subreaper(ctx, t->parent, 0, e))
		return -1;
	return find_new_parent(ctx, t, e);
}

static bool waits_for_adoption(const struct rtask *t)
{
	return t->born->adopted && !t->born->cloner->born->gone;
}

static unsigned int depth(const struct rtask *t)
{
	unsigned int n = 0;

	while ((t = waits_for_adoption(t) ? t->born->cloner->parent : t->parent))
		n++;
	return n;
}

/* The adopter has to be above the foster: whoever is deepest goes first, as moving takes its descendants along. */
int birth_adoptions(struct restore_ctx *ctx, struct err *e)
{
	for (;;) {
		struct rtask *next = NULL;

		for (size_t i = 0; i < ctx->nr_tasks; i++)
			if (waits_for_adoption(ctx->tasks[i]) && (!next || depth(ctx->tasks[i]) > depth(next)))
				next = ctx->tasks[i];
		if (!next)
			return 0;
		if (adopt(ctx, next, e))
			return err_in(e, "adoption of process %d", next->pid);
	}
}
