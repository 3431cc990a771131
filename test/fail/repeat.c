// SPDX-License-Identifier: GPL-2.0-only
/*
 * Again and again: a program that checks itself all the time is dumped 20 times a second with --leave-running, and a tree of them is
 * taken away and restored many times in a row. Nothing may be lost, and nothing may be left in them. Tells how long they were stopped.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/fail/fail.h"

#define SMALL	 4 /* processes of the program, with 12 threads */
#define TREE	 20
#define PERIOD	 0.05 /* 20 dumps a second */
#define MAX_RUNS 200

/* Seconds, one for each time. */
struct series {
	double s[MAX_RUNS];
	int n;
};

static void add(struct series *t, double s)
{
	t->s[t->n++] = s;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void tell(const char *what, struct series *t)
{
	if (!t->n)
		return;
	qsort(t->s, t->n, sizeof(*t->s), by_size);
	printf("  %s: median %.1f ms, 95 of 100 within %.1f ms, longest %.1f ms\n", what, t->s[t->n / 2] * 1e3,
	       t->s[(t->n - 1) * 95 / 100] * 1e3, t->s[t->n - 1] * 1e3);
}

static double frozen_time(void)
{
	FILE *f = fopen(OUT, "re");
	char line[512];
	double us = -1;

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "Frozen time"))
			sscanf(strpbrk(line, "0123456789"), "%lf", &us);
	if (f)
		fclose(f);
	return us * 1e-6;
}

/* The longest time for which one of the tree's clocks stood, since the last question. */
static double longest_gap(struct world *w)
{
	uint64_t ns = 0;

	for (unsigned int i = 0; i < w->board->nr_slots; i++) {
		uint64_t gap = __atomic_exchange_n(&w->board->slots[i].gap, 0, __ATOMIC_RELAXED);

		if (gap > ns)
			ns = gap;
	}
	return ns * 1e-9;
}

static bool dump_once(struct world *w, struct series *frozen, struct series *gap)
{
	char pid[16];
	char *argv[] = { w->dump, "-t", pid, "-D", IMG, "-R", "--display-stats", NULL };
	int status;

	snprintf(pid, sizeof(pid), "%d", w->root);
	clean_dir(IMG);
	longest_gap(w);
	status = tool_end(spawn(argv, OUT));
	if (status || !is_checkpoint(IMG)) {
		failed(w, "dump %d ends with status %#x", frozen->n + 1, status);
		tell_output();
		return false;
	}
	add(frozen, frozen_time());
	add(gap, longest_gap(w));
	return true;
}

static void many_dumps(struct world *w, int n)
{
	struct series frozen = { .n = 0 }, gap = { .n = 0 }, still = { .n = 0 };
	double start, next, took;
	int late = 0;

	/* How long its clocks stand when nobody dumps: other programs want the processors as well. */
	for (int i = 0; i < n; i++) {
		longest_gap(w);
		sleep_s(PERIOD / 2);
		add(&still, longest_gap(w));
	}
	next = start = clock_s();
	for (int i = 0; i < n && dump_once(w, &frozen, &gap); i++) {
		next += PERIOD;
		if (clock_s() < next)
			sleep_s(next - clock_s());
		else
			late++;
	}
	took = clock_s() - start;
	no_tool_left(w);
	tree_unharmed(w, "after many dumps");
	printf("%d dumps with --leave-running, %.1f a second (%d took more than %.0f ms)\n", frozen.n, frozen.n / took,
	       late, PERIOD * 1e3);
	tell("frozen as cr-dump says", &frozen);
	tell("stopped as the tree sees", &gap);
	tell("without a dump it sees", &still);
}

static void many_cycles(struct world *w, int n)
{
	struct series dump = { .n = 0 }, restore = { .n = 0 };
	int i;

	for (i = 0; i < n; i++) {
		double start = clock_s();

		if (!dump_ok(w, false))
			break;
		add(&dump, clock_s() - start);
		if (!tree_gone(PATIENCE)) {
			failed(w, "cycle %d: a part of the tree is still there after the dump", i + 1);
			break;
		}
		start = clock_s();
		if (!restore_ok(w))
			break;
		add(&restore, clock_s() - start);
		if (!no_tool_left(w) || !tree_adopt(w))
			break;
	}
	printf("%d of %d cycles of dump and restore\n", i, n);
	tell("dump", &dump);
	tell("restore", &restore);
}

int main(int argc, char **argv)
{
	struct world w;

	world_enter(&w, argc, argv);
	tree_start(&w, SMALL);
	many_dumps(&w, w.full ? MAX_RUNS : 20);
	tree_finish(&w);
	tree_kill(&w);
	tree_start(&w, TREE);
	many_cycles(&w, w.full ? 50 : 5);
	if (tree_finish(&w))
		printf("the tree's last verification of itself: ok\n");
	return world_end(&w, "dumps and restores in a row");
}
