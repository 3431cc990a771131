// SPDX-License-Identifier: GPL-2.0-only
/* Areas that grow downwards: content, a neighbour over the guard gap, two close to each other, one split by mprotect; they still grow. */
#include "test/crtest.h"

#define GAP (256 * PAGE) /* that the kernel keeps free below a growing area */

static char *grown, *split, *upper, *below, *near[2];

/* A growing area of three pages with nothing below it. */
static char *make(void)
{
	char *room = map_anon(2 * GAP, PROT_NONE, 0);
	char *p = room + 2 * GAP - 3 * PAGE;

	must(munmap(room, 2 * GAP));
	return must(mmap(p, 3 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0));
}

static char *map_at(char *at, size_t len, int flags)
{
	return must(mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0));
}

/* Something over the gap of a growing area, another one just below it; and two of them with a page between. */
static void make_neighbours(void)
{
	upper = make();
	upper[-8] = 'u'; /* it grows by a page */
	upper -= PAGE;
	fill_random(upper, 4 * PAGE, 3);
	map_at(upper - PAGE, PAGE, 0);
	fill_random(upper - PAGE, PAGE, 4);
	below = map_at(upper - 3 * PAGE, 2 * PAGE, MAP_GROWSDOWN);
	fill_random(below, 2 * PAGE, 5);
	near[0] = make();
	near[1] = map_at(near[0] - 2 * PAGE, PAGE, MAP_GROWSDOWN);
	for (int i = 0; i < 2; i++)
		fill_random(near[i], PAGE, 6 + i);
}

static void verify_neighbours(void)
{
	check_random(upper, 4 * PAGE, 3);
	check_random(upper - PAGE, PAGE, 4);
	check_random(below, 2 * PAGE, 5);
	below[-8] = 1;
	for (int i = 0; i < 2; i++)
		check_random(near[i], PAGE, 6 + i);
	near[1][-8] = 1;
	check(strstr(vm_flags(upper), " gd"));
	check(!strstr(vm_flags(upper - PAGE), " gd"));
	check(strstr(vm_flags(near[0]), " gd"));
}

static void arrange(void)
{
	make_neighbours();
	grown = make();
	grown -= 2 * PAGE;
	fill_random(grown + PAGE, PAGE, 1); /* top first: it grows */
	fill_random(grown, 5 * PAGE, 1);
	split = make();
	fill_random(split, 3 * PAGE, 2);
	must(mprotect(split + PAGE, PAGE, PROT_READ));
}

static void verify(void)
{
	verify_neighbours();
	check_random(grown, 5 * PAGE, 1);
	grown[-8] = 1;
	grown[-8 - (long)PAGE] = 1;
	check_random(split, 3 * PAGE, 2);
	check_eq(can(split + PAGE, PROT_WRITE), false);
	split[-8] = 1;
	check(strstr(vm_flags(split + 2 * PAGE), " gd"));
}

CRTEST(.about = "areas that grow downwards", .ids = "MEM-14", .arrange = arrange, .verify = verify)
