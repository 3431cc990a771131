// SPDX-License-Identifier: GPL-2.0-only
/* The ring of a parent's I/O context in a child, which can do nothing with it, is refused by name. */
#include <linux/aio_abi.h>

#include "test/crtest.h"

static aio_context_t ctx;
static struct task *child;

static void arrange(void)
{
	if (syscall(SYS_io_setup, 1L, &ctx))
		skip("no io_setup(2): %s", strerror(errno));
	child = task_child(NULL, NULL, NULL);
}

static void verify(void)
{
	must(syscall(SYS_io_destroy, ctx));
	task_join(child);
}

CRTEST(.about = "an inherited ring of events", .ids = "AIO-1", .refused = "another process's I/O context",
       .arrange = arrange, .verify = verify)
