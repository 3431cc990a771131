// SPDX-License-Identifier: GPL-2.0-only
/* Threads of one process with different user ids and groups (by the bare system calls, which change one thread). */
#include "test/crtest.h"

static struct task *thread;

static void set_ids(uid_t uid, gid_t gid)
{
	gid_t groups[] = { gid + 100, gid + 200 };

	must(syscall(SYS_setgroups, 2, groups));
	must(syscall(SYS_setresgid, gid, gid, gid));
	must(syscall(SYS_setresuid, uid, uid, uid));
	must(prctl(PR_SET_DUMPABLE, 1));
}

static void same_ids(uid_t uid, gid_t gid)
{
	gid_t groups[3];
	uid_t r, e, s;

	check_eq(syscall(SYS_getresuid, &r, &e, &s), 0);
	check(r == uid && e == uid && s == uid);
	check_eq(syscall(SYS_getresgid, &r, &e, &s), 0);
	check(r == gid && e == gid && s == gid);
	check_eq(syscall(SYS_getgroups, 3, groups), 2);
	check_eq(groups[0], gid + 100);
	check_eq(groups[1], gid + 200);
}

static void change(void *arg)
{
	set_ids(99, 99);
}

static void same(void *arg)
{
	same_ids(99, 99);
}

static void arrange(void)
{
	must(chmod(".", 0777));
	thread = task_thread(change, same, NULL);
	set_ids(12, 8);
}

static void verify(void)
{
	same_ids(12, 8);
	task_join(thread);
}

CRTEST(.about = "ids of threads", .ids = "CR-6", .root = true, .arrange = arrange, .verify = verify)
