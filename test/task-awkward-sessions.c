// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions and groups with a history: orphans (adopted by the root, a sub-reaper) that keep their old session, members of
 * sessions and groups whose leader is dead, children born before their parents called setsid().
 */
#include "test/crtest-tree.h"

#define TASKS 16

struct ids {
	int parent, group, session;
};

static struct ids before[TASKS];

static void order(int who, int what, int arg)
{
	must(tree_order(who, what, arg));
	/* Its children come to us. */
	for (int i = 0; i < 1000 && what == DIE && kill(tree[who].pid, 0) == 0; i++)
		usleep(1000);
}

static void look(int who, struct ids *ids)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", tree[who].pid);
	ids->parent = atoi(proc_field(path, "PPid"));
	ids->group = must(getpgid(tree[who].pid));
	ids->session = must(getsid(tree[who].pid));
}

/* Task 0 is a child of the root and the first parent of all others. Three of the sixteen die: 3, 7 and 11. */
static const struct {
	int who, what, arg;
} story[] = {
	{ 0, FORK, 1 },	   { 1, FORK, 2 },    { 1, SETSID, 0 },	 { 2, FORK, 3 },   /* 2 and 3: born before setsid */
	{ 3, SETPGID, 3 }, { 2, SETPGID, 3 }, { 3, DIE, 0 },			   /* 2: its group's leader is dead */
	{ 1, FORK, 4 },	   { 4, SETPGID, 4 }, { 4, FORK, 5 },	 { 5, FORK, 6 },   /* 6 in the group of 4 ... */
	{ 5, SETPGID, 5 }, { 6, SETPGID, 5 }, { 0, FORK, 7 },	 { 7, SETSID, 0 }, /* ... and then in that of 5 */
	{ 7, FORK, 8 },	   { 8, FORK, 9 },    { 9, SETPGID, 9 }, { 7, DIE, 0 },	   /* 8, 9: their leader is dead */
	{ 0, FORK, 10 },   { 10, SETSID, 0 }, { 10, FORK, 11 },	 { 11, FORK, 12 },
	{ 11, SETSID, 0 }, { 11, DIE, 0 }, /* 12: an orphan in the session of 10 */
	{ 0, FORK, 13 },   { 13, FORK, 14 },  { 14, FORK, 15 },	 { 14, SETSID, 0 },
	{ 13, SETSID, 0 }, /* 15: both ancestors left its session after its birth */
};

static void arrange(void)
{
	signal(SIGCHLD, SIG_IGN); /* nobody waits: the dead are to be gone */
	tree_begin();
	for (size_t i = 0; i < sizeof(story) / sizeof(*story); i++)
		order(story[i].who, story[i].what, story[i].arg);
	for (int i = 0; i < TASKS; i++)
		if (alive[i])
			look(i, &before[i]);
}

static void verify(void)
{
	for (int i = 0; i < TASKS; i++) {
		struct ids now;

		if (!alive[i])
			continue;
		look(i, &now);
		check_eq(now.parent, before[i].parent);
		check_eq(now.group, before[i].group);
		check_eq(now.session, before[i].session);
	}
	for (int i = TASKS - 1; i >= 0; i--)
		if (alive[i])
			order(i, DIE, 0);
}

CRTEST(.about = "sessions and groups with a history", .ids = "PT-9 PT-10 PT-18", .arrange = arrange, .verify = verify)
