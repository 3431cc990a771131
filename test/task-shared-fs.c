// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that share their working directory, root and umask (CLONE_FS), with a descriptor table of their own each: a change by
 * one is seen by the others, also by a grandchild whose parent has left; not by who has left, or has a copy.
 */
#include <linux/kcmp.h>

#include "test/crtest-tree.h"

static int leave(int flags)
{
	return unshare(flags);
}

static int set_umask(int mask)
{
	return umask(mask);
}

static int get_umask(int unused)
{
	int mask = umask(0);

	umask(mask);
	return mask;
}

static int to_parent_directory(int unused)
{
	return chdir("..");
}

/* Is it in directory in/in/... of this depth? */
static int depth(int unused)
{
	char path[4096];
	int n = 0;

	if (!getcwd(path, sizeof(path)))
		return -1;
	for (char *p = path; (p = strstr(p, "/in")); p++)
		n++;
	return n;
}

static bool shares(int who, int other)
{
	return !syscall(SYS_kcmp, tree[who].pid, tree[other].pid, KCMP_FS, 0, 0);
}

static int enter(int unused)
{
	return chdir("in");
}

/* 0, 1 and 3 share; 2, between 0 and 3, has left and shares with 4; 5 has a copy. */
static void arrange(void)
{
	must(mkdir("in", 0700));
	must(mkdir("in/in", 0700));
	tree_begin();
	must(tree_clone(0, FORK, 1, CLONE_FS));
	must(tree_clone(0, FORK, 2, CLONE_FS | CLONE_FILES));
	must(tree_clone(2, FORK, 3, CLONE_FS));
	must(tree_call(2, leave, CLONE_FS));
	must(tree_clone(2, FORK, 4, CLONE_FS));
	must(tree_order(0, FORK, 5));
	must(tree_call(3, enter, 0));
	must(tree_call(1, enter, 0));
	must(tree_call(4, enter, 0));
	must(tree_call(0, set_umask, 0123));
	must(tree_call(4, set_umask, 0321));
}

static void verify(void)
{
	static const int first[] = { 0, 0, 2, 0, 2, 5 }, depths[] = { 2, 2, 1, 2, 1, 0 };

	for (int i = 0; i < 6; i++) {
		for (int j = 0; j < 6; j++)
			check_eq(shares(i, j), first[i] == first[j]);
		check_eq(tree_call(i, depth, 0), depths[i]);
	}
	check_eq(syscall(SYS_kcmp, tree[0].pid, tree[2].pid, KCMP_FILES, 0, 0), 0);
	check(syscall(SYS_kcmp, tree[0].pid, tree[1].pid, KCMP_FILES, 0, 0) > 0);
	check_eq(tree_call(1, get_umask, 0), 0123);
	check_eq(tree_call(3, set_umask, 0111), 0123);
	check_eq(tree_call(0, get_umask, 0), 0111);
	check_eq(tree_call(2, get_umask, 0), 0321);
	check_eq(tree_call(0, to_parent_directory, 0), 0);
	check_eq(tree_call(3, depth, 0), 1);
	check_eq(tree_call(1, to_parent_directory, 0), 0);
	for (int i = 0; i < 6; i++)
		check_eq(tree_call(i, depth, 0), i == 2 || i == 4);
	for (int i = 0; i < 6; i++)
		must(kill(tree[i].pid, SIGKILL));
}

CRTEST(.about = "working directories and umasks shared by processes", .arrange = arrange, .verify = verify)
