// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree of random history: forks, CLONE_PARENT, sessions and groups founded and joined at odd moments, subreapers on and off,
 * deaths with and without anybody who waits. CR_SEED=n for another one.
 */
#include "test/crtest-tree.h"

#define TASKS 100
#define STEPS 450

struct ids {
	int parent, group, session;
	char state; /* Z, or - */
};

static struct ids before[TASKS];
static int nr = 1; /* born so far */

static bool look(int who, struct ids *ids)
{
	char path[64], state;

	snprintf(path, sizeof(path), "/proc/%d/status", tree[who].pid);
	if (access(path, F_OK))
		return false;
	state = proc_field(path, "State")[0];
	ids->state = state == 'Z' ? 'Z' : '-';
	ids->parent = atoi(proc_field(path, "PPid"));
	ids->group = must(getpgid(tree[who].pid));
	ids->session = must(getsid(tree[who].pid));
	return true;
}

static int below(int limit)
{
	return random_below(limit, 18);
}

static int somebody(void)
{
	int who;

	do
		who = below(nr);
	while (!alive[who]);
	return who;
}

static void die(int who, bool reap)
{
	struct ids ids;

	tree_order(who, DIE, who % 100);
	do
		usleep(100);
	while (look(who, &ids) && ids.state != 'Z');
	if (!reap)
		return;
	if (ids.parent == getpid())
		must(waitpid(tree[who].pid, NULL, 0));
	for (int i = 0; i < nr; i++)
		if (alive[i] && tree[i].pid == ids.parent)
			must(tree_order(i, REAP, who));
}

/* Some of it fails: a group in another session, setsid of a group's leader. */
static void step(void)
{
	int who = somebody(), kind = below(100), living = 0;
	struct ids ids;

	for (int i = 0; i < nr; i++)
		living += alive[i];
	if (kind < 40 && nr < TASKS) {
		must(look(who, &ids) ? 0 : -1);
		must(tree_order(who, kind < 8 && ids.parent != getpid() ? SIBLING : FORK, nr));
		nr++;
	} else if (kind < 55) {
		tree_order(who, SETSID, 0);
	} else if (kind < 70) {
		tree_order(who, SETPGID, below(3) ? somebody() : who);
	} else if (kind < 80) {
		tree_order(who, SUBREAPER, below(2));
	} else if (kind < 97 && living > 2) {
		die(who, below(3));
	}
}

static void arrange(void)
{
	tree_begin();
	for (int i = 0; i < STEPS; i++)
		step();
	for (int i = 0; i < nr; i++)
		look(i, &before[i]);
}

static void verify(void)
{
	for (int i = 0; i < nr; i++) {
		struct ids now = { 0 };

		look(i, &now);
		check_mem(&now, &before[i], sizeof(now));
	}
	for (int i = 0; i < nr; i++)
		if (alive[i])
			must(kill(tree[i].pid, SIGKILL));
	/* Those who took orphans in die too: in the end all are ours. */
	while (waitpid(-1, NULL, 0) > 0)
		;
}

CRTEST(.about = "a random tree", .ids = "PT-11", .arrange = arrange, .verify = verify)
