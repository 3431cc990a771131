/* SPDX-License-Identifier: GPL-2.0-only */
/* Series of times, and the table in which they are shown. */
#ifndef CRKIT_BENCH_TABLE_H
#define CRKIT_BENCH_TABLE_H

#include <stdbool.h>

#define MAX_RUNS 50

/* Times in ms. */
struct series {
	double v[MAX_RUNS];
	int n;
};

void add(struct series *s, double ms);
double median(const struct series *s);

struct table {
	bool json;
	int rows;
};

/* limit, goal: 0 for none. */
void row(struct table *t, const char *tool, const char *work, const char *figure, const struct series *s,
	 const char *limit_name, double limit, double goal);

/* perror and the end. */
void die(const char *what) __attribute__((noreturn));

#endif
