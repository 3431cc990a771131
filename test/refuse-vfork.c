// SPDX-License-Identifier: GPL-2.0-only
/* A vfork() child that has not yet exec'ed: the dump refuses, and both finish in the end. */
#include "test/crtest.h"

static struct task *parent;
static uint32_t *inside, *go;

static void vforks(void *arg)
{
	int status;
	pid_t pid = vfork();

	if (!pid) {
		cell_set(inside, 1);
		cell_wait(go, 1);
		_exit(0);
	}
	check_eq(waitpid(pid, &status, 0), pid);
	check_eq(status, 0);
}

static void arrange(void)
{
	inside = shared_alloc(4);
	go = shared_alloc(4);
	parent = task_child(NULL, vforks, NULL);
	task_wake(parent);
	cell_wait(inside, 1);
	usleep(10000);
}

static void verify(void)
{
	cell_set(go, 1);
	task_join(parent);
}

CRTEST(.about = "vfork in progress", .ids = "PT-23", .refused = "vfork", .arrange = arrange, .verify = verify)
