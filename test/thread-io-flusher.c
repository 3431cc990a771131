// SPDX-License-Identifier: GPL-2.0-only
/* PR_SET_IO_FLUSHER of a thread and of a child. */
#include <linux/prctl.h>

#include "test/crtest.h"

static struct task *tasks[2];

static void set(void *arg)
{
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0))
		skip("it takes CAP_SYS_RESOURCE: %s", strerror(errno));
}

static void is_set(void *arg)
{
	check_eq(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0), 1);
}

static void arrange(void)
{
	tasks[0] = task_thread(set, is_set, NULL);
	tasks[1] = task_child(set, is_set, NULL);
}

static void verify(void)
{
	check_eq(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0), 0);
	for (int i = 0; i < 2; i++)
		task_join(tasks[i]);
}

CRTEST(.about = "I/O flushers", .root = true, .arrange = arrange, .verify = verify)
