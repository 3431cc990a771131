// SPDX-License-Identifier: GPL-2.0-only
/* The heap grows on from where it was, data and bss keep their content, the stacks of main and of a thread still grow. */
#include "test/crtest.h"

static char *end_of_heap, *on_heap;
static char many_zeroes[1 << 20]; /* bss */
static char initialised[1 << 16] = "data";
static struct task *thread;

static int recurse(int depth)
{
	volatile char local[PAGE];

	local[0] = depth;
	return depth ? recurse(depth - 1) + local[0] - (char)depth : 0;
}

static void thread_recurses(void *arg)
{
	check_eq(recurse(500), 0);
}

static void arrange(void)
{
	on_heap = must(sbrk(123456));
	end_of_heap = must(sbrk(0));
	fill_random(on_heap, 123456 & ~7, 3);
	many_zeroes[500000] = 'z';
	initialised[5] = 'i';
	thread = task_thread(NULL, thread_recurses, NULL);
}

static void verify(void)
{
	char *p = malloc(5000000);

	check(p);
	memset(p, 1, 5000000);
	free(p);
	check_random(on_heap, 123456 & ~7, 3);
	check_eq(many_zeroes[500000], 'z');
	check_eq(initialised[5], 'i');
	check_str(initialised, "data");
	/* malloc may have moved the end up since, and would not like it moved below. */
	check((char *)must(sbrk(0)) >= end_of_heap);
	end_of_heap = must(sbrk(3000000));
	end_of_heap[2999999] = 1;
	check_eq(brk(end_of_heap), 0);
	check_eq(recurse(1500), 0); /* 6 MiB: past what was there */
	task_join(thread);
}

CRTEST(.about = "heap, data and stacks", .ids = "TR-8", .arrange = arrange, .verify = verify)
