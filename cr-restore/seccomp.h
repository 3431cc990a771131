/* SPDX-License-Identifier: GPL-2.0-only */
/* What the images say of a thread's seccomp. */
#ifndef CRKIT_SECCOMP_H
#define CRKIT_SECCOMP_H

#include "cr-restore/restore.h"

/* SECCOMP_MODE_*. Older images have it for the whole task. */
static inline unsigned int seccomp_mode_of(const struct rtask *t, const struct agent_thread *th)
{
	const ThreadCoreEntry *c = th->core->thread_core;
	const TaskCoreEntry *tc = t->core->tc;

	if (c->has_seccomp_mode)
		return c->seccomp_mode;
	return tc->has_old_seccomp_mode ? tc->old_seccomp_mode : 0;
}

#endif
