// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seven tasks in three generations share anonymous memory of which each has unmapped, moved or replaced another part, and write to pages of
 * their own all the time; an eighth keeps changing the size of its mapping. What each has written is there, and all see the same.
 */
#include "test/crtest.h"

#define TASKS 7
#define AREAS 3
#define PAGES 64 /* of an area: page i belongs to task i % 8, if below TASKS */
#define WHOLE (PAGES * PAGE)
#define BIG   (32ul << 20)

struct writer {
	int nr;
	char *areas[AREAS];
	bool has[AREAS][PAGES];
};

static struct writer me;
static struct task *children[3];
static uint32_t *stop;
static uint64_t (*written)[PAGES]; /* [area][page]: what the page's owner wrote last */
static char *big;
static uint64_t *big_sum;
static struct task *resizer;

static void fill_page(char *page, uint64_t n)
{
	for (size_t i = 0; i < PAGE / 8; i++)
		((volatile uint64_t *)page)[i] = n + i;
}

static void check_page(const char *page, uint64_t n)
{
	for (size_t i = 0; i < PAGE / 8; i++)
		check_eq(((const volatile uint64_t *)page)[i], n + i);
}

/* Task 1 loses some pages, 2 has one area elsewhere, 3 has something else in place of a part, 4 has it in two places. */
static void rearrange(void)
{
	char *room = map_anon(WHOLE, PROT_NONE, 0);

	switch (me.nr) {
	case 1:
		must(munmap(me.areas[0] + 8 * PAGE, 8 * PAGE));
		memset(me.has[0] + 8, 0, 8);
		break;
	case 2:
		me.areas[1] = must(mremap(me.areas[1], WHOLE, WHOLE, MREMAP_MAYMOVE | MREMAP_FIXED, room));
		break;
	case 3:
		must(mmap(me.areas[2] + 16 * PAGE, 16 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		memset(me.areas[2] + 16 * PAGE, '3', 16 * PAGE);
		memset(me.has[2] + 16, 0, 16);
		break;
	case 4:
		must(mremap(me.areas[0], 0, WHOLE, MREMAP_MAYMOVE | MREMAP_FIXED, room));
		break;
	}
}

static void write_all_the_time(void)
{
	for (uint64_t n = 1000000ul * me.nr; !__atomic_load_n(stop, __ATOMIC_RELAXED); n++)
		for (int a = 0; a < AREAS; a++)
			for (int i = me.nr; i < PAGES; i += 8) {
				if (!me.has[a][i])
					continue;
				if (written[a][i])
					check_page(me.areas[a] + i * PAGE, written[a][i]);
				fill_page(me.areas[a] + i * PAGE, n);
				written[a][i] = n;
			}
}

static void check_mine(void)
{
	for (int a = 0; a < AREAS; a++)
		for (int i = me.nr; i < PAGES; i += 8)
			if (me.has[a][i])
				check_page(me.areas[a] + i * PAGE, written[a][i]);
	if (me.nr == 3)
		for (unsigned long i = 16 * PAGE; i < 32 * PAGE; i++)
			check_eq(me.areas[2][i], '3');
}

static void work(void *arg)
{
	write_all_the_time();
	check_mine();
	for (int i = 0; i < 3 && children[i]; i++)
		task_join(children[i]);
}

static void begin(void *arg)
{
	me.nr = (long)arg;
	memset(children, 0, sizeof(children));
	rearrange();
	for (long child = 2 * me.nr + 1; child <= 2 * me.nr + 2 && child < TASKS; child++) {
		struct task **t = &children[child - 2 * me.nr - 1];

		*t = task_child(begin, work, (void *)child);
		task_wake(*t);
	}
}

/* Ever smaller and larger; the last page of what there is gets a number, which is added up. */
static void resize(void *arg)
{
	char *p = big;
	size_t len = BIG;

	for (uint64_t n = 1; !__atomic_load_n(stop, __ATOMIC_RELAXED); n++) {
		size_t next = (n * 7919 % (BIG / PAGE) + 1) * PAGE;

		p = must(mremap(p, len, next, MREMAP_MAYMOVE));
		len = next;
		*big_sum += n - *(uint64_t *)(p + len - PAGE);
		*(uint64_t *)(p + len - PAGE) = n;
	}
}

static void arrange(void)
{
	stop = shared_alloc(sizeof(*stop));
	big_sum = shared_alloc(sizeof(*big_sum));
	written = must(mmap(NULL, sizeof(*written) * AREAS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	big = map_anon(BIG, PROT_READ | PROT_WRITE, MAP_SHARED);
	for (int a = 0; a < AREAS; a++)
		me.areas[a] = map_anon(WHOLE, PROT_READ | PROT_WRITE, MAP_SHARED);
	memset(me.has, 1, sizeof(me.has));
	resizer = task_child(NULL, resize, NULL);
	begin(0);
	for (int i = 0; i < 2; i++)
		task_wake(children[i]);
	task_wake(resizer);
	usleep(50000);
}

static void verify(void)
{
	uint64_t sum = 0;

	usleep(50000);
	cell_set(stop, 1);
	for (int i = 0; i < 2; i++)
		task_join(children[i]);
	task_join(resizer);
	for (int a = 0; a < AREAS; a++)
		for (int i = 0; i < PAGES; i++)
			if (written[a][i])
				check_page(me.areas[a] + i * PAGE, written[a][i]);
	for (size_t i = 0; i < BIG; i += PAGE)
		sum += *(uint64_t *)(big + i);
	check_eq(sum, *big_sum);
}

CRTEST(.about = "shared memory that is written and rearranged", .ids = "TR-5 TR-6", .busy = true, .arrange = arrange,
       .verify = verify)
