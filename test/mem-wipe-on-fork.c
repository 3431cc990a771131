// SPDX-License-Identifier: GPL-2.0-only
/* MADV_WIPEONFORK memory keeps its content in its owner and is empty in children, older and new; MAP_DROPPABLE memory is empty. */
#include "test/crtest.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#define GUARD_INSTALL 102

static char *wiped, *droppable, *guarded;
static bool has_guard;
static struct task *child;

static void check_child(void *arg)
{
	check_eq(wiped[0], 0);
	check_eq(wiped[2 * PAGE], 0);
	if (droppable)
		check_eq(droppable[0], 0);
	check_eq(guarded[0], 0);
	check_eq(guarded[PAGE], 0); /* the child of a wiped area has no guards */
	wiped[PAGE] = 'c';
}

static void arrange(void)
{
	char *room = map_anon(12 * PAGE, PROT_NONE, 0);

	wiped = room + PAGE;
	guarded = room + 6 * PAGE;
	must(mprotect(wiped, 3 * PAGE, PROT_READ | PROT_WRITE));
	must(mprotect(guarded, 3 * PAGE, PROT_READ | PROT_WRITE));
	must(madvise(wiped, 3 * PAGE, MADV_WIPEONFORK));
	must(madvise(guarded, 3 * PAGE, MADV_WIPEONFORK));
	wiped[0] = wiped[2 * PAGE] = 'w';
	guarded[0] = 'g';
	droppable = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0);
	if (droppable == MAP_FAILED)
		droppable = NULL;
	else
		droppable[0] = 'd';
	child = task_child(NULL, check_child, NULL);
	has_guard = !madvise(guarded + PAGE, PAGE, GUARD_INSTALL);
}

static void verify(void)
{
	struct task *late;

	check_eq(wiped[0], 'w');
	check_eq(wiped[PAGE], 0);
	check_eq(wiped[2 * PAGE], 'w');
	check_eq(guarded[0], 'g');
	check_eq(can(guarded + PAGE, PROT_READ), !has_guard);
	if (droppable)
		droppable[1] = 'x';
	task_join(child);
	check_eq(wiped[PAGE], 0);
	late = task_child(NULL, check_child, NULL);
	task_join(late);
	check_eq(wiped[0], 'w');
}

CRTEST(.about = "memory that a fork empties", .ids = "MEM-10 MEM-11", .arrange = arrange, .verify = verify)
