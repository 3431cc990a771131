// SPDX-License-Identifier: GPL-2.0-only
/* Areas that grow downwards: content, a neighbour over the guard gap, one split by mprotect; they still grow. */
#include "test/crtest.h"

#define GAP (256 * PAGE) /* that the kernel keeps free below a growing area */

static char *grown, *split;

/* A growing area of three pages with nothing below it. */
static char *make(void)
{
	char *room = map_anon(2 * GAP, PROT_NONE, 0);
	char *p = room + 2 * GAP - 3 * PAGE;

	must(munmap(room, 2 * GAP));
	return must(mmap(p, 3 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0));
}

static void arrange(void)
{
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
	check_random(grown, 5 * PAGE, 1);
	grown[-8] = 1;
	grown[-8 - (long)PAGE] = 1;
	check_random(split, 3 * PAGE, 2);
	check_eq(can(split + PAGE, PROT_WRITE), false);
	split[-8] = 1;
	check(strstr(vm_flags(split + 2 * PAGE), " gd"));
}

CRTEST(.about = "areas that grow downwards", .ids = "MEM-14", .arrange = arrange, .verify = verify)
