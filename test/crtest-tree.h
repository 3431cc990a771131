/* SPDX-License-Identifier: GPL-2.0-only */
/* Trees of processes that obey orders, given by the test's root: who forks, leaves its session, dies. */
#ifndef CRTEST_TREE_H
#define CRTEST_TREE_H

#include <sched.h>

#include "test/crtest.h"

#define TREE_MAX 160

/* SIBLING: a fork with CLONE_PARENT. REAP is for a zombie's parent. CALL: see tree_call(). */
enum order { FORK = 1, SIBLING, SETSID, SETPGID, SUBREAPER, REAP, DIE, CALL };

static struct tree_task {
	uint32_t order, done; /* number of the last order, given and carried out */
	int what, arg, ret;
	int (*call)(int arg);
	unsigned long flags; /* for clone(2): what its next child is to share with it */
	pid_t pid;
} * tree;

static bool alive[TREE_MAX];

static void tree_obey(int self);

static int tree_carry_out(int self, enum order what, int arg)
{
	pid_t pid;

	switch (what) {
	case FORK:
	case SIBLING:
		pid = syscall(SYS_clone, (what == SIBLING ? CLONE_PARENT : 0) | tree[self].flags | SIGCHLD, NULL, NULL,
			      NULL, 0);
		if (!pid)
			tree_obey(arg);
		while (pid > 0 && !__atomic_load_n(&tree[arg].pid, __ATOMIC_SEQ_CST))
			usleep(100);
		return pid > 0 ? 0 : -1;
	case SETSID:
		return setsid() > 0 ? 0 : -1;
	case SETPGID:
		return setpgid(0, tree[arg].pid);
	case SUBREAPER:
		return prctl(PR_SET_CHILD_SUBREAPER, arg);
	case REAP:
		return waitpid(tree[arg].pid, NULL, 0) > 0 ? 0 : -1;
	case DIE:
		_exit(arg);
	case CALL:
		return tree[self].call(arg);
	}
	return -1;
}

static void tree_obey(int self)
{
	struct tree_task *t = &tree[self];
	uint32_t nr = 0;

	__atomic_store_n(&t->pid, getpid(), __ATOMIC_SEQ_CST);
	for (;;) {
		cell_wait(&t->order, ++nr);
		t->ret = tree_carry_out(self, t->what, t->arg);
		cell_set(&t->done, nr);
	}
}

/* 0, or -1 when it could not. The argument is another task's number, for SUBREAPER yes or no, for DIE the exit status. */
static int tree_order(int who, enum order what, int arg)
{
	struct tree_task *t = &tree[who];

	t->what = what;
	t->arg = arg;
	cell_set(&t->order, t->order + 1);
	if (what == DIE) {
		alive[who] = false;
		return 0;
	}
	cell_wait(&t->done, t->order);
	if ((what == FORK || what == SIBLING) && !t->ret)
		alive[arg] = true;
	return t->ret;
}

/* Has a task call a function: gives what that returns. */
static inline int tree_call(int who, int (*call)(int arg), int arg)
{
	tree[who].call = call;
	return tree_order(who, CALL, arg);
}

/* Who forks shares these (CLONE_FILES ...) with its new child. */
static inline int tree_clone(int who, enum order what, int child, unsigned long flags)
{
	int ret;

	tree[who].flags = flags;
	ret = tree_order(who, what, child);
	tree[who].flags = 0;
	return ret;
}

/* The root adopts orphans. Task 0 is its child, which shares these with it, and the first parent of all others. */
static void tree_begin_sharing(unsigned long flags)
{
	tree = map_anon(TREE_MAX * sizeof(*tree), PROT_READ | PROT_WRITE, MAP_SHARED);
	must(prctl(PR_SET_CHILD_SUBREAPER, 1));
	if (!must(syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0)))
		tree_obey(0);
	while (!__atomic_load_n(&tree[0].pid, __ATOMIC_SEQ_CST))
		usleep(100);
	alive[0] = true;
}

static inline void tree_begin(void)
{
	tree_begin_sharing(0);
}

#endif
