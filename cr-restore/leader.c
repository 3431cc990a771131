// SPDX-License-Identifier: GPL-2.0-only
/* First threads that end: see leader.h. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cr-restore/leader.h"
#include "cr-restore/state.h"
#include "restorer/release.h"

/*
 * The newborn have asked to be killed when their parent ends, and to the kernel that is a thread. Now that they are traced they die with us
 * anyway. What they ask for themselves comes with their credentials.
 */
static int spare_children(struct restore_ctx *ctx, const struct rtask *t, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *c = ctx->tasks[i];
		struct prog p;

		if (c->parent != t || c->state == TASK_DEAD)
			continue;
		agent_begin(c, &p);
		PROG(&p, SYS_prctl, PR_SET_PDEATHSIG, 0);
		if (agent_run(ctx, c, &p, e))
			return -1;
	}
	return 0;
}

int leaders_end(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (!leader_ends(t))
			continue;
		if (spare_children(ctx, t, e) || state_restore_leader(ctx, t, e) || release_end_leader(ctx, t, e))
			return err_in(e, "the end of the first thread of process %d", t->pid);
		t->threads++;
		t->nr_threads--;
		log_debug("process %d goes on without its first thread", t->pid);
	}
	return 0;
}
