// SPDX-License-Identifier: GPL-2.0-only
/* Threads still share their filesystem context: a umask and cwd changed by one is seen by the other. */
#include <linux/kcmp.h>

#include "test/crtest.h"

static struct task *thread;

static void change(void *arg)
{
	umask(0123);
	check_eq(chdir("/"), 0);
}

static void arrange(void)
{
	thread = task_thread(NULL, change, NULL);
}

static void verify(void)
{
	char cwd[16] = "";
	pid_t self = getpid();
	long r = syscall(SYS_kcmp, self, task_pid(thread), KCMP_FS, 0, 0);
	int dir = must(open(".", O_PATH | O_DIRECTORY));

	/* Not every kernel has kcmp. */
	if (r >= 0 || errno != ENOSYS)
		check_eq(r, 0);
	task_join(thread);
	check_eq(umask(0), 0123);
	check(getcwd(cwd, sizeof(cwd)));
	check_str(cwd, "/");
	must(fchdir(dir));
}

CRTEST(.about = "filesystem context shared by threads", .ids = "TH-6", .arrange = arrange, .verify = verify)
