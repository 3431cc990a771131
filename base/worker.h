/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The worker: whoever holds other people's processes must not die by accident. A command therefore forks a worker that does
 * the work; the command itself only waits for it. When the command is killed, by whatever signal, the worker is told
 * (parent-death signal), finds worker_cancelled() true at its next look, and undoes everything on its ordinary error path.
 */
#ifndef CRKIT_WORKER_H
#define CRKIT_WORKER_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Runs fn(ctx) in a worker named `name` and returns its exit status (0..255). SIGINT, SIGTERM and SIGHUP are passed on to it. The
 * worker has a session of its own, which a signal to the command's process group does not reach, unless it has to keep the caller's.
 */
int worker_run(const char *name, bool keep_session, int (*fn)(void *), void *ctx);

/* Is the work to be given up? */
bool worker_cancelled(void);

/* -1 with an error if so: for the loops of the work. */
int worker_check(struct err *e);

/* From here on the work is finished in any case. */
void worker_commit(void);

#endif
