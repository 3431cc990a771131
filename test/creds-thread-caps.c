// SPDX-License-Identifier: GPL-2.0-only
/* A thread with capability sets of its own. */
#include "test/crtest-caps.h"

static struct task *thread;
static struct caps sets[2];

static void change(void *arg)
{
	struct caps c;

	caps_get(&c);
	c.effective &= ~CAP(CAP_CHOWN);
	c.inheritable |= CAP(CAP_NET_BIND_SERVICE);
	c.permitted &= ~CAP(CAP_SYS_TIME);
	c.effective &= ~CAP(CAP_SYS_TIME);
	caps_set(&c);
	caps_get(&sets[1]);
}

static void same(void *arg)
{
	caps_same(&sets[1]);
}

static void arrange(void)
{
	thread = task_thread(change, same, NULL);
	caps_get(&sets[0]);
}

static void verify(void)
{
	caps_same(&sets[0]);
	task_join(thread);
}

CRTEST(.about = "capabilities of a thread", .ids = "CR-5", .root = true, .arrange = arrange, .verify = verify)
