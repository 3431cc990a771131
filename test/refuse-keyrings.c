// SPDX-License-Identifier: GPL-2.0-only
/* Keyrings of a thread, of a process, and a session keyring with a key in it. All keys are still there after the refusal. */
#include <linux/keyctl.h>

#include "test/crtest.h"

static struct task *tasks[3];

static long keyctl(long op, long a, long b)
{
	return syscall(SYS_keyctl, op, a, b, 0, 0);
}

static void add(void *arg)
{
	if ((long)arg == KEY_SPEC_SESSION_KEYRING)
		must(keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0));
	must(syscall(SYS_add_key, "user", "crtest", "secret", 6, (long)arg));
}

static void same(void *arg)
{
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, (long)arg, "user", "crtest", 0);
	char text[8] = "";

	check(key > 0);
	check_eq(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text), 0), 6);
	check_str(text, "secret");
}

static void arrange(void)
{
	if (keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 0) < 0 && errno == ENOSYS)
		skip("no keyrings");
	tasks[0] = task_thread(add, same, (void *)KEY_SPEC_THREAD_KEYRING);
	tasks[1] = task_child(add, same, (void *)KEY_SPEC_PROCESS_KEYRING);
	tasks[2] = task_child(add, same, (void *)KEY_SPEC_SESSION_KEYRING);
}

static void verify(void)
{
	for (int i = 0; i < 3; i++)
		task_join(tasks[i]);
}

CRTEST(.about = "keyrings are refused",
       .refused = "thread 4 has a keyring|pid 5: it has a keyring|pid 6: thread 6 has keys in a session keyring",
       .arrange = arrange, .verify = verify)
