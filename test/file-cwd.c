// SPDX-License-Identifier: GPL-2.0-only
/* Current directories of main and child. */
#include "test/crtest.h"

static char cwd[PAGE];
static struct task *child;

static void go_down(void *arg)
{
	must(mkdir("sub", 0700));
	must(chdir("sub"));
}

static void is_down(void *arg)
{
	char now[PAGE];
	size_t n = strlen(cwd);

	check(getcwd(now, sizeof(now)));
	check_mem(now, cwd, n);
	check_str(now + n, "/sub");
	check_eq(access("../sub", F_OK), 0);
}

static void arrange(void)
{
	check(getcwd(cwd, sizeof(cwd)));
	child = task_child(go_down, is_down, NULL);
}

static void verify(void)
{
	char now[PAGE];

	check(getcwd(now, sizeof(now)));
	check_str(now, cwd);
	task_join(child);
}

CRTEST(.about = "current directory", .ids = "FS-27", .arrange = arrange, .verify = verify)
