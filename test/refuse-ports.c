// SPDX-License-Identifier: GPL-2.0-only
/* A thread that may use I/O ports is refused by its number, and may use them still. */
#include <sys/io.h>

#include "test/crtest.h"

#define PORT 0x80 /* to which BIOSes tell how far they are: writing there does nothing */

static struct task *thread;

static void permit(void *arg)
{
	if (ioperm(PORT, 1, 1))
		skip("no I/O ports: %s", strerror(errno));
}

static void use(void *arg)
{
	outb(0, PORT);
}

static void arrange(void)
{
	thread = task_thread(permit, use, NULL);
}

static void verify(void)
{
	task_join(thread);
}

CRTEST(.about = "I/O ports", .ids = "G-6", .root = true, .refused = "thread 4 may use I/O ports", .arrange = arrange,
       .verify = verify)
