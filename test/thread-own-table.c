// SPDX-License-Identifier: GPL-2.0-only
/* A thread with a descriptor table, or a working directory, of its own cannot be made again: it is refused. */
#include <sched.h>

#include "test/crtest.h"

static struct task *threads[2];

static void leave(void *flag)
{
	must(unshare((long)flag));
}

static void arrange(void)
{
	threads[0] = task_thread(leave, NULL, (void *)CLONE_FILES);
	threads[1] = task_thread(leave, NULL, (void *)CLONE_FS);
}

static void verify(void)
{
	for (int i = 0; i < 2; i++)
		task_join(threads[i]);
}

CRTEST(.about = "threads that have left their process's table", .arrange = arrange, .verify = verify,
       .refused = "has a table of open files|has a working directory")
