// SPDX-License-Identifier: GPL-2.0-only
/* A session keyring as every login has one, with nothing but the keyring of the user in it, stands in nobody's way. */
#include <linux/keyctl.h>

#include "test/crtest.h"

static struct task *child;

static void join(void *arg)
{
	must(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0));
	must(syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING, 0, 0));
}

static void arrange(void)
{
	child = task_child(join, NULL, NULL);
}

static void verify(void)
{
	task_join(child);
}

CRTEST(.about = "an empty session keyring", .arrange = arrange, .verify = verify)
