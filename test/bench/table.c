// SPDX-License-Identifier: GPL-2.0-only
/* Series of times, and the table: see table.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/bench/table.h"
#include "test/runner/run.h"

void die(const char *what)
{
	perror(what);
	exit(BROKEN);
}

void add(struct series *s, double ms)
{
	if (s->n < MAX_RUNS)
		s->v[s->n++] = ms;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

double median(const struct series *s)
{
	double v[MAX_RUNS];

	if (!s->n)
		return 0;
	memcpy(v, s->v, s->n * sizeof(*v));
	qsort(v, s->n, sizeof(*v), ascending);
	return s->n % 2 ? v[s->n / 2] : (v[s->n / 2 - 1] + v[s->n / 2]) / 2;
}

static double least(const struct series *s)
{
	double min = s->n ? s->v[0] : 0;

	for (int i = 1; i < s->n; i++)
		min = s->v[i] < min ? s->v[i] : min;
	return min;
}

void row(struct table *t, const char *tool, const char *work, const char *figure, const struct series *s,
	 const char *limit_name, double limit, double goal)
{
	double ms = median(s);

	if (t->json) {
		printf("%s  { \"tool\": \"%s\", \"work\": \"%s\", \"figure\": \"%s\", \"median_ms\": %.3f, \"least_ms\": %.3f, \"runs\": %d",
		       t->rows++ ? ",\n" : "[\n", tool, work, figure, ms, least(s), s->n);
		if (limit > 0)
			printf(", \"limit\": \"%s\", \"limit_ms\": %.3f, \"ratio\": %.2f", limit_name, limit,
			       ms / limit);
		if (goal > 0)
			printf(", \"goal_ms\": %.0f", goal);
		printf(" }");
		return;
	}
	if (!t->rows++)
		printf("%-8s %-16s %-14s %10s %10s %5s %9s   %s\n", "tool", "work", "figure", "median", "least", "runs",
		       "goal", "limit");
	printf("%-8s %-16s %-14s %7.1f ms %7.1f ms %5d", tool, work, figure, ms, least(s), s->n);
	if (goal > 0)
		printf(" %6.0f ms", goal);
	else
		printf(" %9s", "");
	if (limit > 0)
		printf("   %s %.1f ms, ratio %.2f", limit_name, limit, ms / limit);
	printf("\n");
}
