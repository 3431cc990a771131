// SPDX-License-Identifier: GPL-2.0-only
/* Huge, nearly empty areas: 10 GiB with two pages touched, and reservations of terabytes. */
#include "test/crtest.h"

#define GIB (1ul << 30)

static char *sparse, *reserved, *half_used;

static void arrange(void)
{
	sparse = map_anon(10 * GIB, PROT_READ | PROT_WRITE, MAP_NORESERVE);
	fill_random(sparse + 4 * GIB, PAGE, 4);
	fill_random(sparse + 8 * GIB, PAGE, 8);
	reserved = map_anon(8192 * GIB, PROT_NONE, MAP_NORESERVE);
	/* As a garbage collector does it: a reservation of which a part was made usable. */
	half_used = map_anon(4096 * GIB, PROT_NONE, MAP_NORESERVE);
	must(mprotect(half_used + 2048 * GIB, GIB, PROT_READ | PROT_WRITE));
	fill_random(half_used + 2048 * GIB, PAGE, 20);
}

static void verify(void)
{
	check_random(sparse + 4 * GIB, PAGE, 4);
	check_random(sparse + 8 * GIB, PAGE, 8);
	for (unsigned long at = 0; at < 10; at++)
		check_eq(sparse[at * GIB + GIB / 2], 0);
	check_eq(can(reserved, PROT_READ), false);
	check_eq(can(half_used, PROT_READ), false);
	check_random(half_used + 2048 * GIB, PAGE, 20);
	check_eq(can(half_used + 2049 * GIB, PROT_READ), false);
	check_eq(mprotect(reserved + 5000 * GIB, PAGE, PROT_READ | PROT_WRITE), 0);
	reserved[5000 * GIB] = 1;
}

CRTEST(.about = "sparse gigabytes and terabyte reservations", .ids = "MEM-4", .arrange = arrange, .verify = verify)
