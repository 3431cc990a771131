/* SPDX-License-Identifier: GPL-2.0-only */
/* Work that several threads do together. */
#ifndef CRKIT_DUMP_TEAM_H
#define CRKIT_DUMP_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Calls fn(arg, 0..n-1) from several threads if `worthwhile`; the first failure is the result. fn must not use the pool or the log.
 * *scratch is NULL at a thread's first call; what fn leaves there is freed at its end.
 */
typedef int team_fn(void *arg, size_t i, char **scratch, struct err *e);
int parallel(size_t n, bool worthwhile, team_fn *fn, void *arg, struct err *e);

#endif
