// SPDX-License-Identifier: GPL-2.0-only
/*
 * A task maps, protects and writes at random within half a GiB, another one does the same two steps behind: in the end their memory is the same.
 * A third one writes every second page of a block from malloc(3) again and again.
 */
#include "test/crtest.h"

#define PAGES (512ul << 20 >> 12)
#define SPAN  40   /* pages that a step concerns, at most */
#define STEPS 6000 /* at most: what is written has to be saved */
#define BLOCK (4ul << 20)

static uint64_t *sums;
static uint32_t *stop, *pace, *last_step;
static struct task *tasks[3];

static uint64_t mix(uint64_t n)
{
	n = (n ^ n >> 31) * 0x7fb5d329728ea185ull;
	n = (n ^ n >> 27) * 0x81dadef4bc2dd44dull;
	return n ^ n >> 33;
}

static void take_step(char *window, unsigned char *prots, uint64_t nr)
{
	static const int kinds[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE };
	uint64_t r = mix(nr + 1), at = mix(r) % (PAGES - SPAN), len = r % SPAN + 1;
	int prot = kinds[r >> 32 & 3];

	if (r >> 40 & 1) {
		must(mmap(window + at * PAGE, len * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		memset(prots + at, prot, len);
	} else if (r >> 41 & 1) {
		must(mprotect(window + at * PAGE, len * PAGE, prot));
		memset(prots + at, prot, len);
	}
	for (uint64_t i = at; i < at + len; i++)
		if (prots[i] & PROT_WRITE)
			*(uint64_t *)(window + i * PAGE + (r >> 44 & 0xff8)) = r + i;
}

static uint64_t sum_of(char *window)
{
	uint64_t sum = 0;

	must(mprotect(window, PAGES * PAGE, PROT_READ));
	for (uint64_t i = 0; i < PAGES; i++)
		for (uint64_t at = 0; at < PAGE; at += 8)
			if (*(uint64_t *)(window + i * PAGE + at))
				sum = mix(sum + *(uint64_t *)(window + i * PAGE + at) + i);
	return sum;
}

/* The second one is let go on when the first is two steps ahead, or has ended. */
static void walk(void *arg)
{
	char *window = map_anon(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_NORESERVE);
	unsigned char *prots = map_anon(PAGES, PROT_READ | PROT_WRITE, 0);
	uint32_t n = 0;

	memset(prots, PROT_READ | PROT_WRITE, PAGES);
	if (!arg) {
		for (; n < STEPS && !__atomic_load_n(stop, __ATOMIC_RELAXED); n++) {
			take_step(window, prots, n);
			cell_set(pace, n);
			usleep(100);
		}
		*last_step = n;
		cell_set(pace, n + 2);
	} else {
		for (;; n++) {
			cell_wait(pace, n + 2);
			if (*last_step && n == *last_step)
				break;
			take_step(window, prots, n);
		}
	}
	sums[arg != NULL] = sum_of(window);
}

static void rewrite(void *arg)
{
	uint64_t *block = (uint64_t *)((char *)malloc(BLOCK + 100) + 16), n = 0;

	check(block);
	for (size_t i = 0; i < BLOCK / 8; i++)
		block[i] = mix(i);
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		n++;
		for (size_t i = 0; i < BLOCK / 8; i++)
			if (i * 8 / PAGE % 2)
				block[i] = mix(i + n);
		usleep(1000);
	}
	for (size_t i = 0; i < BLOCK / 8; i++)
		check_eq(block[i], mix(i * 8 / PAGE % 2 ? i + n : i));
}

static void arrange(void)
{
	pace = shared_alloc(sizeof(*pace));
	sums = shared_alloc(2 * sizeof(*sums));
	stop = shared_alloc(sizeof(*stop));
	last_step = shared_alloc(sizeof(*last_step));
	for (long i = 0; i < 3; i++) {
		tasks[i] = i < 2 ? task_child(NULL, walk, i ? &tasks[i] : NULL) : task_child(NULL, rewrite, NULL);
		task_wake(tasks[i]);
	}
	cell_wait(pace, 10);
}

static void verify(void)
{
	usleep(20000);
	cell_set(stop, 1);
	for (int i = 0; i < 3; i++)
		task_join(tasks[i]);
	check(sums[0]);
	check_eq(sums[0], sums[1]);
}

CRTEST(.about = "memory that is mapped and written at random", .ids = "TR-4 TR-7", .busy = true, .arrange = arrange,
       .verify = verify)
