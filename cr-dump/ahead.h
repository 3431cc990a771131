/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading ahead: the files of /proc that the look stage needs of every task and thread cost most of that stage's time, and reading
 * them needs no order. A second thread reads them from the last task backwards while the parts look at the first; they meet midway.
 */
#ifndef CRKIT_DUMP_AHEAD_H
#define CRKIT_DUMP_AHEAD_H

#include "cr-dump/dump.h"

enum ahead_file {
	AHEAD_STATUS, /* of every thread; the others of the task */
	AHEAD_STAT,
	AHEAD_SMAPS,
	AHEAD_TIMERS,
	AHEAD_OOM,
	AHEAD_LOGINUID,
	AHEAD_COREDUMP,
	AHEAD_EXE, /* where the link points */
	AHEAD_NS,  /* where the links of ns/ point, a line each, in the order of ahead_ns */
	AHEAD_COUNT,
};

/* The namespaces in AHEAD_NS. */
#define AHEAD_NR_NS 10
extern const char *const ahead_ns[AHEAD_NR_NS];

/*
 * The text of a file, of thread `i` of the task, with a terminating zero. It is there until the next task is looked at. Only for the look
 * stage, which goes through the tasks in order. *len_ret may be NULL. errnum ENOENT: the kernel has no such file.
 */
int ahead_get(struct dump_ctx *ctx, const struct task *t, unsigned int i, enum ahead_file file, char **ret,
	      size_t *len_ret, struct err *e);

/* AHEAD_NS of the tool itself. */
const char *ahead_own_ns(struct dump_ctx *ctx);

/* Ends the reading; once, after the last look. Also when that failed. */
void ahead_end(struct dump_ctx *ctx);

#endif
