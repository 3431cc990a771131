// SPDX-License-Identifier: GPL-2.0-only
/* The login uid of a task and its thread. */
#include "test/crtest.h"

static struct task *thread, *child;

static void login(const char *uid)
{
	int fd = open("/proc/thread-self/loginuid", O_WRONLY);

	if (fd < 0 || write(fd, uid, strlen(uid)) < 0)
		skip("no login uid: %s", strerror(errno));
	close(fd);
}

static void check_login(const char *uid)
{
	char text[16] = "";

	read_file("/proc/thread-self/loginuid", text, sizeof(text) - 1);
	check_str(text, uid);
}

static void same(void *arg)
{
	check_login(arg);
}

static void other(void *arg)
{
	login(arg);
}

static void arrange(void)
{
	login("3");
	thread = task_thread(NULL, same, "3");
	child = task_child(other, same, "4294967295");
}

static void verify(void)
{
	check_login("3");
	task_join(thread);
	task_join(child);
}

CRTEST(.about = "login uid", .ids = "CR-14", .root = true, .arrange = arrange, .verify = verify)
