/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Release: until here every failure kills all. The director becomes the tracer of every thread (should it die, the kernel kills them
 * all), takes the runner out, sets the registers, and lets everything go at once.
 */
#ifndef CRKIT_RELEASE_H
#define CRKIT_RELEASE_H

#include "cr-restore/restore.h"

/* Traces every thread of the living tasks from now on, without stopping them. */
int release_seize(struct restore_ctx *ctx, struct err *e);

/* One thread; for tasks that have to be traced earlier. */
int release_trace(const struct restore_ctx *ctx, struct rtask *t, const struct agent_thread *th, struct err *e);

/* The leader, which stands idle, calls exit(2) while the others live on. */
int release_end_leader(struct restore_ctx *ctx, struct rtask *t, struct err *e);

/* A task that was stopped by a signal is stopped again by the same one. Its state is restored already. */
int release_stop(struct restore_ctx *ctx, struct rtask *t, struct err *e);

/* Stops all, takes out the runner, sets registers and masks. */
int release_prepare(struct restore_ctx *ctx, struct err *e);

/* Lets all go. Cannot fail any more. */
void release_go(struct restore_ctx *ctx);

#endif
