// SPDX-License-Identifier: GPL-2.0-only
/* Attributes set by prctl and /proc: no_new_privs, dumpable, oom_score_adj, personality. */
#include <sys/personality.h>

#include "test/crtest.h"

static struct task *child, *undumpable;

static void set_personality(void *arg)
{
	must(personality(ADDR_NO_RANDOMIZE | PER_LINUX32_3GB | UNAME26));
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void same_personality(void *arg)
{
	check_eq(personality(0xffffffff), ADDR_NO_RANDOMIZE | PER_LINUX32_3GB | UNAME26);
	check_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}

static void set_undumpable(void *arg)
{
	must(prctl(PR_SET_DUMPABLE, 0));
}

static void same_undumpable(void *arg)
{
	check_eq(prctl(PR_GET_DUMPABLE), 0);
}

static void arrange(void)
{
	int fd = must(open("/proc/self/oom_score_adj", O_WRONLY));

	must(write(fd, "400", 3));
	close(fd);
	child = task_child(set_personality, same_personality, NULL);
	undumpable = task_child(set_undumpable, same_undumpable, NULL);
}

static void verify(void)
{
	char text[16] = "";

	check_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	check_eq(prctl(PR_GET_DUMPABLE), 1);
	read_file("/proc/self/oom_score_adj", text, sizeof(text) - 1);
	check_str(text, "400\n");
	task_join(child);
	task_join(undumpable);
}

CRTEST(.about = "no_new_privs, dumpable, oom_score_adj, personality", .ids = "CR-12 CR-13 CR-15", .arrange = arrange,
       .verify = verify)
