// SPDX-License-Identifier: GPL-2.0-only
/* A thread of root and a child of somebody else, each in a Landlock domain, which no interface shows: refused, and still confined. */
#include <linux/landlock.h>

#include "test/crtest.h"

static struct task *tasks[2];
static int dir;

/* No new directories from now on. */
static void confine(void *arg)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_DIR };
	int rules = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (rules < 0)
		skip("no Landlock: %s", strerror(errno));
	if (arg) {
		must(setuid(18943));
		must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		must(prctl(PR_SET_DUMPABLE, 1));
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	}
	must(syscall(SYS_landlock_restrict_self, rules, 0));
	close(rules);
}

static void still(void *arg)
{
	check_fails(mkdirat(dir, "forbidden", 0700), EACCES);
}

static void arrange(void)
{
	must(mkdir("open-to-all", 0777));
	must(chmod("open-to-all", 0777));
	dir = must(open("open-to-all", O_PATH | O_DIRECTORY));
	tasks[0] = task_thread(confine, still, NULL);
	tasks[1] = task_child(confine, still, &dir);
}

static void verify(void)
{
	task_join(tasks[0]);
	task_join(tasks[1]);
	check_eq(mkdirat(dir, "allowed", 0700), 0);
	must(unlinkat(dir, "allowed", AT_REMOVEDIR));
	must(rmdir("open-to-all"));
}

CRTEST(.about = "Landlock domains are refused", .root = true,
       .refused = "pid 3: thread 4 may not|pid 5: thread 5 may not", .arrange = arrange, .verify = verify)
