// SPDX-License-Identifier: GPL-2.0-only
/* Two threads, a thread made by a thread, and a forked child of each keep their own thread-local data. */
#include "test/crtest.h"

static _Thread_local uint64_t mine[4];
static _Thread_local struct task *inner;

static void fill(void *arg)
{
	fill_random(mine, sizeof(mine), (long)arg);
}

static void same(void *arg)
{
	check_random(mine, sizeof(mine), (long)arg);
}

static void fill_with_child(void *arg)
{
	inner = task_child(fill, same, (void *)((long)arg + 100));
	fill(arg);
}

static void same_with_child(void *arg)
{
	same(arg);
	task_join(inner);
}

static _Thread_local struct task *nested;

static void thread_with_thread(void *arg)
{
	nested = task_thread(fill_with_child, same_with_child, (void *)((long)arg + 10));
	fill_with_child(arg);
}

static void same_all(void *arg)
{
	same_with_child(arg);
	task_join(nested);
}

static struct task *threads[2];

static void arrange(void)
{
	threads[0] = task_thread(fill_with_child, same_with_child, (void *)1);
	threads[1] = task_thread(thread_with_thread, same_all, (void *)2);
	fill((void *)3);
}

static void verify(void)
{
	same((void *)3);
	task_join(threads[0]);
	task_join(threads[1]);
}

CRTEST(.about = "thread-local data in six contexts", .ids = "TH-1", .arrange = arrange, .verify = verify)
