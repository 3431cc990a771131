// SPDX-License-Identifier: GPL-2.0-only
/* Files of /proc that nothing brings back: of a thread that has ended, of a descriptor, of a dead process that says nothing more. */
#include "test/crtest.h"

static struct task *thread;

static void nothing(void *arg)
{
}

static void arrange(void)
{
	char path[64];
	pid_t dead;

	thread = task_thread(nothing, nothing, NULL);
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", task_pid(thread));
	must(open(path, O_RDONLY));
	task_join(thread);
	must(open("/proc/self/fdinfo/0", O_RDONLY));
	dead = must(fork());
	if (!dead)
		for (;;)
			pause();
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/1", dead);
	must(open(path, O_RDONLY));
	snprintf(path, sizeof(path), "/proc/%d/fd", dead);
	must(open(path, O_RDONLY));
	must(kill(dead, SIGKILL));
	check_eq(must(waitpid(dead, NULL, 0)), dead);
}

static void verify(void)
{
}

CRTEST(.about = "files of /proc that cannot be had again", .ids = "FS-32",
       .refused = "thread that has ended|fdinfo/0|fdinfo/1|/fd: not supported", .arrange = arrange, .verify = verify)
