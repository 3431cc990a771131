/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a task that is neither memory nor files: each subject is a file of cr-restore that adds system calls to the
 * programs which the task's own threads run, the leader's first. When all have run, `last` adds to one more program of the leader.
 */
#ifndef CRKIT_STATE_H
#define CRKIT_STATE_H

#include "cr-restore/restore.h"

struct restore_state {
	const char *name;
	/* Plan: can it be had here? problem() if not. Once a living task. */
	int (*check)(struct restore_ctx *ctx, struct rtask *t, struct err *e);
	/* Runs programs of its own before the others are begun. */
	int (*before)(struct restore_ctx *ctx, struct rtask *t, struct err *e);
	/* For the leader's program. */
	int (*task)(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e);
	/* For every thread's program, after `task` of all subjects. */
	int (*thread)(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p, struct err *e);
	int (*last)(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e);
};

/* Have all threads of the task the credentials of the director, a plain root? */
bool creds_are_ours(struct restore_ctx *ctx, const struct rtask *t);

int state_check(struct restore_ctx *ctx, struct err *e);
/* Restores the state of one task. Its threads exist, its children are dead or stopped if they should be. */
int state_restore(struct restore_ctx *ctx, struct rtask *t, struct err *e);
/* What the leader has for itself, as if it were alone: it is to end before the rest is restored. */
int state_restore_leader(struct restore_ctx *ctx, struct rtask *t, struct err *e);

#endif
