// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptor tables shared by tasks (CLONE_FILES): what one opens or closes the others see, and who has a copy does not. Shared
 * with the parent, with a brother, with a grandparent whose child has a table of its own, by brothers alone; a table of somebody in
 * another session; tables with high numbers, and with none.
 */
#include <linux/kcmp.h>

#include "test/crtest-tree.h"

#define HIGH 128

static int leave(int flags)
{
	return unshare(flags);
}

static int open_at(int number)
{
	return dup2(0, number);
}

static int close_at(int number)
{
	return close(number);
}

static int has(int number)
{
	return fcntl(number, F_GETFD) >= 0;
}

/* Who forks, with which flags; or leaves its table. */
static const struct {
	int who, what, child;
	unsigned long flags;
} story[] = {
	/* The root, 0, 1 (a grandchild) and 2 share a table; 3, a grandchild too, has a copy. */
	{ 0, FORK, 1, CLONE_FILES },
	{ 0, SIBLING, 2, CLONE_FILES },
	{ 2, FORK, 3, 0 },
	/* 5 shares with the root, its parent 4 has left the table meanwhile, and shares its new one with 6. */
	{ 2, FORK, 4, CLONE_FILES },
	{ 4, FORK, 5, CLONE_FILES },
	{ 4, CALL, CLONE_FILES, 0 },
	{ 4, FORK, 6, CLONE_FILES },
	/* 7 has a table for itself; 8 and 9 share, and so do 10 and 11 below. */
	{ 3, FORK, 7, 0 },
	{ 7, CALL, CLONE_FILES, 0 },
	{ 7, FORK, 8, CLONE_FILES },
	{ 7, FORK, 9, CLONE_FILES },
	{ 7, CALL, CLONE_FILES, 0 },
	{ 7, FORK, 10, CLONE_FILES },
	{ 10, SETSID, 0, 0 },
	{ 10, FORK, 11, CLONE_FILES },
	{ 7, CALL, CLONE_FILES, 0 },
	/* 12 had children before and after it became a session leader: 13 shares with it, 14 does not. */
	{ 3, FORK, 12, CLONE_FILES },
	{ 12, FORK, 13, CLONE_FILES },
	{ 12, SETSID, 0, 0 },
	{ 12, FORK, 14, 0 },
};

/* The first task that has the same table; -1 is the root. */
static const int first[] = { -1, -1, -1, 3, 4, -1, 4, 7, 8, 8, 10, 10, 3, 3, 14 };
#define TASKS ((int)(sizeof(first) / sizeof(*first)))

static int in_first(int (*call)(int), int i, int arg)
{
	return first[i] < 0 ? call(arg) : tree_call(first[i], call, arg);
}

static int number_of(int i)
{
	return HIGH + first[i] + 1;
}

static void arrange(void)
{
	tree_begin_sharing(CLONE_FILES);
	for (size_t i = 0; i < sizeof(story) / sizeof(*story); i++) {
		if (story[i].what == CALL)
			must(tree_call(story[i].who, leave, story[i].child));
		else
			must(tree_clone(story[i].who, story[i].what, story[i].child, story[i].flags));
	}
	must(dup2(0, 1000));
	must(fcntl(1000, F_SETFD, FD_CLOEXEC));
	must(tree_call(14, close_at, 0));
}

static void verify(void)
{
	for (int i = 0; i < TASKS; i++) {
		pid_t other = first[i] < 0 ? getpid() : tree[first[i]].pid;

		check_eq(syscall(SYS_kcmp, tree[i].pid, other, KCMP_FILES, 0, 0), 0);
		check_eq(tree_call(i, has, 0), i != 14);
		check_eq(tree_call(i, has, 1000), first[i] < 0);
	}
	check_eq(fcntl(1000, F_GETFD), FD_CLOEXEC);
	for (int i = 0; i < TASKS; i++)
		check_eq(in_first(open_at, i, number_of(i)), i == 14 ? -1 : number_of(i));
	for (int i = 0; i < 14; i++)
		for (int j = 0; j < 14; j++)
			check_eq(tree_call(i, has, number_of(j)), first[i] == first[j]);
	check_eq(tree_call(5, close_at, number_of(5)), 0); /* for all who share it */
	check_eq(tree_call(11, close_at, number_of(11)), 0);
	for (int i = 0; i < 14; i++)
		check_eq(tree_call(i, has, number_of(i)), first[i] != -1 && first[i] != 10);
	check_eq(fcntl(HIGH, F_GETFD), -1);
	for (int i = 0; i < TASKS; i++)
		must(kill(tree[i].pid, SIGKILL));
}

CRTEST(.about = "shared descriptor tables", .ids = "FS-12", .arrange = arrange, .verify = verify)
