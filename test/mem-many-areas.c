// SPDX-License-Identifier: GPL-2.0-only
/* 4096 areas of a page with gaps between them, then two adjacent growing ones. */
#include "test/crtest.h"

#define AREAS 4096
#define GROW1 (140 * 1024)
#define GROW2 (8 * 1024)

static char *base, *grow1, *grow2;

static void arrange(void)
{
	size_t room = 2 * AREAS * PAGE + GROW1 + GROW2 + 512 * PAGE;

	base = map_anon(room, PROT_NONE, 0);
	must(munmap(base, room));
	for (long i = 0; i < AREAS; i++) {
		long *p = must(mmap(base + 2 * i * PAGE, PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));

		*p = i;
	}
	/* The kernel keeps a gap of 256 pages below a growing area. */
	grow1 = base + room - GROW1 - GROW2;
	grow2 = grow1 + GROW1;
	must(mmap(grow1, GROW1, PROT_READ | PROT_WRITE | PROT_EXEC,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0));
	must(mmap(grow2, GROW2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1,
		  0));
	fill_random(grow1, GROW1, 1);
	fill_random(grow2, GROW2, 2);
}

static void verify(void)
{
	for (long i = 0; i < AREAS; i++)
		check_eq(*(long *)(base + 2 * i * PAGE), i);
	check_random(grow1, GROW1, 1);
	check_random(grow2, GROW2, 2);
	check(strstr(vm_flags(grow1), " gd"));
	check(strstr(vm_flags(grow2), " gd"));
	check_eq(can(base + PAGE, PROT_READ), false);
}

CRTEST(.about = "thousands of areas", .ids = "MEM-6", .arrange = arrange, .verify = verify)
