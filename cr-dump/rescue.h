/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When the worker is killed (SIGKILL, the OOM killer), the command does what it cannot do any more: gives back the threads that were
 * running its questions, and either ends what a complete dump has begun (the tree is killed or stopped) or removes the images. What it needs to
 * know for that, the worker notes in memory that both share.
 */
#ifndef CRKIT_DUMP_RESCUE_H
#define CRKIT_DUMP_RESCUE_H

#include "cr-dump/dump.h"
#include "parasite/loan.h"

/* A process of the tree, which is the same one only if it began at the same time. */
struct rescue_task {
	pid_t pid;
	uint64_t start;
};

#define RESCUE_MAX (256 * 1024) /* threads; memory is taken as it is used */

struct rescue {
	bool begun;	/* there may be images, which are no checkpoint */
	bool committed; /* the dump is complete */
	bool ended;	/* the worker has done all by itself */
	uint32_t nr_tasks, nr_loans;
	struct rescue_task tasks[RESCUE_MAX];
	struct loan loans[RESCUE_MAX];
};

struct rescue *rescue_create(struct err *e);

/* In the worker. A thread beyond the maximum is not noted. */
struct loan *rescue_loan(struct dump_ctx *ctx);
void rescue_note_task(struct dump_ctx *ctx, const struct task *t, uint64_t start);

/* In the command, when the worker is gone. Returns the exit status that the dump has then. */
int rescue_finish(struct dump_ctx *ctx);

#endif
