// SPDX-License-Identifier: GPL-2.0-only
/* A child that has closed every descriptor has none afterwards. */
#include "test/crtest.h"

static struct task *child;
static uint32_t *leaks;

static void close_all(void *arg)
{
	must(syscall(SYS_close_range, 0, ~0u, 0));
}

static void none_open(void *arg)
{
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			++*leaks;
}

static void arrange(void)
{
	leaks = shared_alloc(4);
	child = task_child(close_all, none_open, NULL);
}

static void verify(void)
{
	task_join(child);
	check_eq(*leaks, 0);
}

CRTEST(.about = "no open descriptors", .ids = "FS-10", .arrange = arrange, .verify = verify)
