/* SPDX-License-Identifier: GPL-2.0-only */
/* What the benchmarks of the tools and those of crit share. */
#ifndef CRKIT_BENCH_H
#define CRKIT_BENCH_H

#include <sys/types.h>

#include "test/bench/table.h"

#define IMG  "/tmp/img"
#define WORK "/tmp/work"
#define OUT  "/tmp/out"

#define FAILED_SIZE 256

/* Starts the load, of KIND and N, in WORK, with IMG empty, and waits until it is ready. */
pid_t start_load(const char *load, const char *kind, const char *n);

/* Ends all that the measuring started. */
void end_all(void);

/* Milliseconds; -1 with the reason, its output's first line, in failed[FAILED_SIZE]. */
double run_tool(char *failed, char *const argv[]);

/* bench-crit.c: crit, each part if its name is wanted. */
void measure_crit(struct table *table, const char *build, int runs, bool (*wanted)(const char *name));

#endif
