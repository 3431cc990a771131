// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that share descriptor tables, and working directories with root and umask, in a tree of random history: shared by some
 * clones and not by others, left again by unshare(2), with sessions founded before and after. CR_SEED=n for another one.
 */
#include <linux/kcmp.h>

#include "test/crtest-tree.h"

#define TASKS 40
#define STEPS 120

static const struct {
	int type;
	unsigned long flag;
} objects[] = { { KCMP_FILES, CLONE_FILES }, { KCMP_FS, CLONE_FS } };

static int nr = 1; /* born so far */
static int parent[TASKS] = { -1 };
static int first_before[2][TASKS];

/* The first task with the same object. */
static int first_of(int who, int object)
{
	for (int i = 0; i < who; i++)
		if (alive[i] && !must(syscall(SYS_kcmp, tree[who].pid, tree[i].pid, objects[object].type, 0, 0)))
			return i;
	return who;
}

static int below(int limit)
{
	return random_below(limit, 3);
}

static int somebody(void)
{
	int who;

	do
		who = below(nr);
	while (!alive[who]);
	return who;
}

/* Children of one that dies get another parent, and then not all that they share can be handed down: see crkit-limits(7). */
static bool has_children(int who)
{
	for (int i = 0; i < nr; i++)
		if (alive[i] && parent[i] == who)
			return true;
	return false;
}

static int leave(int flags)
{
	return unshare(flags);
}

static void step(void)
{
	int who = somebody(), kind = below(100);

	if (kind < 40 && nr < TASKS) {
		parent[nr] = who;
		must(tree_clone(who, FORK, nr++, (below(4) ? CLONE_FILES : 0) | (below(4) ? CLONE_FS : 0)));
	} else if (kind < 55) {
		must(tree_call(who, leave, below(2) ? CLONE_FILES : CLONE_FS));
	} else if (kind < 65) {
		tree_order(who, SETSID, 0);
	} else if (kind < 75 && who && !has_children(who)) {
		must(tree_order(who, DIE, 0));
	}
}

static void arrange(void)
{
	signal(SIGCHLD, SIG_IGN); /* nobody waits: the dead are to be gone */
	tree_begin();
	for (int i = 0; i < STEPS; i++)
		step();
	for (int o = 0; o < 2; o++)
		for (int i = 0; i < nr; i++)
			first_before[o][i] = alive[i] ? first_of(i, o) : -1;
}

/* What one does is seen by those who share with it, and by nobody else. */
static int open_at(int number)
{
	return dup2(0, number);
}

static int has(int number)
{
	return fcntl(number, F_GETFD) >= 0;
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

static void verify(void)
{
	for (int i = 0; i < nr; i++) {
		if (!alive[i])
			continue;
		check_eq(first_of(i, 0), first_before[0][i]);
		check_eq(first_of(i, 1), first_before[1][i]);
		if (first_before[0][i] == i)
			check_eq(tree_call(i, open_at, 200 + i), 200 + i);
		if (first_before[1][i] == i)
			tree_call(i, set_umask, i);
	}
	for (int i = 0; i < nr; i++) {
		if (!alive[i])
			continue;
		check_eq(tree_call(i, get_umask, 0), first_before[1][i]);
		for (int j = 0; j < nr; j++)
			if (alive[j] && first_before[0][j] == j)
				check_eq(tree_call(i, has, 200 + j), first_before[0][i] == j);
	}
	for (int i = 0; i < nr; i++)
		if (alive[i])
			must(kill(tree[i].pid, SIGKILL));
}

CRTEST(.about = "a random tree of tasks that share", .ids = "FS-12", .arrange = arrange, .verify = verify)
