// SPDX-License-Identifier: GPL-2.0-only
/* Anonymous shared memory of parent and child: holes by munmap, parts moved by mremap, pages written by either side. */
#include "test/crtest.h"

#ifndef LEN
#define LEN (64ul << 20)
#endif
#define PART (1ul << 20)

static char *one, *two, *moved;
static struct task *child;

/* Both tasks have the same areas except that the child gave up a part of `two`. */
static void give_up(void *arg)
{
	memset(two + 4 * PART, 'c', PAGE);
	must(munmap(two + 8 * PART, PART));
}

static void see_and_write(void *arg)
{
	check_eq(one[5 * PART], 'P');
	check_eq(can(two + 8 * PART, PROT_READ), false);
	check_random(one + 30 * PART, PART, 30);
	check_random(moved, PART, 10);
	one[6 * PART] = 'C';
	moved[PART - 1] = 'M';
}

static void arrange(void)
{
	one = map_anon(LEN, PROT_READ | PROT_WRITE, MAP_SHARED);
	two = map_anon(LEN, PROT_READ | PROT_WRITE, MAP_SHARED);
	fill_random(one + 30 * PART, PART, 30);
	fill_random(two + 10 * PART, PART, 10);
	moved = map_anon(PART, PROT_NONE, 0);
	must(mremap(two + 10 * PART, PART, PART, MREMAP_MAYMOVE | MREMAP_FIXED, moved));
	must(munmap(one + 20 * PART, PART)); /* last, or something else is put there */
	child = task_child(give_up, see_and_write, NULL);
}

static void verify(void)
{
	check_eq(two[4 * PART + 7], 'c');
	one[5 * PART] = 'P';
	task_join(child);
	check_eq(one[6 * PART], 'C');
	check_eq(moved[PART - 1], 'M');
	check_eq(can(one + 20 * PART, PROT_READ), false);
	two[8 * PART] = 1;
}

#ifndef SHARED_GIGABYTES
CRTEST(.about = "anonymous shared memory between tasks", .ids = "MEM-2", .arrange = arrange, .verify = verify)
#endif
