/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts that save a task's state share among themselves. */
#ifndef CRKIT_DUMP_TASK_H
#define CRKIT_DUMP_TASK_H

#include <signal.h>

#include "cr-dump/dump.h"

/* Sets an optional field of a message. */
#define PB_SET(msg, field, value) ((msg)->has_##field = 1, (msg)->field = (value))

/* An answer is not longer than this. */
#define ANSWER_MAX 4096

/*
 * What argument `arg` of op `index` points to: the data that a system call made inside the task has written. Somebody who can write in the
 * task's memory may have changed both: what is read is in the copy that ask.c has made, or behind it, where there is room for it.
 */
static inline const void *answer(const struct prog *p, uint32_t index, unsigned int arg)
{
	uint64_t at = p->ops[index].arg[arg] - p->area.remote;

	return p->area.local + (at < p->area.size ? at : 0);
}

/* The core image of a thread, begun at the first call: with thread_core and the CPU's part, the leader's with tc. */
CoreEntry *core_of(struct dump_ctx *ctx, struct task *t, struct thread *th);

/* Does it end with another signal than SIGCHLD? That of the root is for somebody outside. */
static inline bool has_exit_signal(const struct task *t)
{
	return t->parent && t->exit_signal >= 0 && t->exit_signal != SIGCHLD;
}

/* What the text of /proc/PID/task/TID/status tells of the credentials of a thread; how it is scheduled. Also of one that has ended. */
void creds_parse(struct dump_ctx *ctx, struct task *t, struct thread *th, const char *status);
int sched_look_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct err *e);

/* The name of the leader, a zombie's too. */
int leader_comm(struct dump_ctx *ctx, const struct task *t, char **ret, struct err *e);

/* Field `nr` (from 1, as proc(5) counts them) of the text of /proc/PID/stat. */
uint64_t stat_field(const char *stat, unsigned int nr);
#define STAT_START_FIELD       22
#define STAT_EXIT_SIGNAL_FIELD 38
#define STAT_EXIT_CODE_FIELD   52

/* Reads a few words of the memory of a stopped thread, without pinning its pages (see pages-copy.c). */
bool peek(pid_t tid, uint64_t addr, void *buf, size_t size);

/* The signals that a stopped thread would take now: pending, for it or for its task, and not blocked. */
int signals_deliverable(const struct thread *th, uint64_t *mask_ret, struct err *e);

/* restart.c: what becomes of a system call that our stop interrupted. */

/* It goes on in a call that was interrupted before, and which one that is is not known. */
bool restart_is_riddle(const struct thread *th);

/* Where the kernel would report an interruption by our stop to the task, makes it go on instead, in the living task too. */
int restart_correct(struct thread *th, struct err *e);

/* Changes the registers of the image so that the call is made again, with the time left. Needs signals_s, signals_p and sigactions. */
int restart_save(struct task *t, struct thread *th, struct err *e);

#endif
