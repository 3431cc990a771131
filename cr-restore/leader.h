/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process whose first thread has ended while others live. It is born whole, so that who comes first does all that is to be done for the
 * process until its tree and its files are complete; then the first thread ends as it did, and the next one takes its place.
 */
#ifndef CRKIT_RESTORE_LEADER_H
#define CRKIT_RESTORE_LEADER_H

#include "cr-restore/restore.h"

/* Is it such a process? */
static inline bool leader_ends(const struct rtask *t)
{
	return t->state != TASK_DEAD && t->core->tc->has_leader_ended && t->core->tc->leader_ended;
}

/* Ends the first threads of all such processes. All threads are traced, nothing of their own state is restored yet. */
int leaders_end(struct restore_ctx *ctx, struct err *e);

#endif
