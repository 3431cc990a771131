// SPDX-License-Identifier: GPL-2.0-only
/* A task that writes to random pages all the time: its memory is what its own record says. */
#include "test/crtest.h"

#define PAGES 16

static struct task *writers[2];
static char *area;
static uint64_t record[PAGES];
static uint32_t *stop;

/* The record is written after the page: at most one page, the last one, may differ from it. */
static void write_all_the_time(void *arg)
{
	uint64_t random = 12345 + (long)arg, n = 0;
	int last = 0, bad = 0;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		random = random * 6364136223846793005ull + 1;
		last = random >> 40 & (PAGES - 1);
		*(volatile uint64_t *)(area + last * PAGE) = ++n;
		*(volatile uint64_t *)&record[last] = n;
	}
	for (int i = 0; i < PAGES; i++)
		bad += *(uint64_t *)(area + i * PAGE) != record[i];
	check_eq(bad, 0);
	check(n > 1000);
}

static void arrange(void)
{
	stop = shared_alloc(4);
	area = map_anon(PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
	for (long i = 0; i < 2; i++) {
		writers[i] = task_child(NULL, write_all_the_time, (void *)i);
		task_wake(writers[i]);
	}
	usleep(20000);
}

static void verify(void)
{
	usleep(20000);
	cell_set(stop, 1);
	for (int i = 0; i < 2; i++)
		task_join(writers[i]);
}

CRTEST(.about = "memory written all the time", .ids = "MEM-15", .arrange = arrange, .verify = verify)
