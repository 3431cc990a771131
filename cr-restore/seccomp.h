/* SPDX-License-Identifier: GPL-2.0-only */
/* What the images say of a thread's seccomp. */
#ifndef CRKIT_SECCOMP_H
#define CRKIT_SECCOMP_H

#include <linux/seccomp.h>

#include "cr-restore/restore.h"
#include "seccomp.pb-c.h"

/* Filters with this flag are those of all threads, though only the first one names them. */
static inline bool seccomp_is_shared(const struct restore_ctx *ctx, const struct rtask *t)
{
	const ThreadCoreEntry *first = t->threads[0].core->thread_core;
	const SeccompEntry *all = ctx->filters;

	return all && first->has_seccomp_filter && first->seccomp_filter < all->n_seccomp_filters &&
	       all->seccomp_filters[first->seccomp_filter]->flags & SECCOMP_FILTER_FLAG_TSYNC;
}

/* The thread whose entry tells of a thread's seccomp. */
static inline const ThreadCoreEntry *seccomp_teller(const struct restore_ctx *ctx, const struct rtask *t,
						    const struct agent_thread *th)
{
	const ThreadCoreEntry *own = th->core->thread_core;

	return own->has_seccomp_mode || !seccomp_is_shared(ctx, t) ? own : t->threads[0].core->thread_core;
}

/* SECCOMP_MODE_*. Older images have it for the whole task. */
static inline unsigned int seccomp_mode_of(const struct restore_ctx *ctx, const struct rtask *t,
					   const struct agent_thread *th)
{
	const ThreadCoreEntry *c = seccomp_teller(ctx, t, th);
	const TaskCoreEntry *tc = t->core->tc;

	if (c->has_seccomp_mode)
		return c->seccomp_mode;
	return tc->has_old_seccomp_mode ? tc->old_seccomp_mode : 0;
}

#endif
