// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions and groups with a history: orphans (adopted by the root, a sub-reaper) that keep their old session, members of
 * sessions and groups whose leader is dead, children born before their parents called setsid(). Each task obeys orders.
 */
#include "test/crtest.h"

#define TASKS 16

enum { FORK = 1, SETSID, SETPGID, DIE };

static struct {
	uint32_t order, done; /* number of the last order, given and carried out */
	int what, arg;
	pid_t pid;
} * tasks;

struct ids {
	int parent, group, session;
};

static struct ids before[TASKS];
static bool alive[TASKS];

static void obey(int self);

static void carry_out(int self)
{
	int arg = tasks[self].arg;
	pid_t pid;

	if (tasks[self].what == FORK) {
		pid = must(fork());
		if (!pid)
			obey(arg);
		while (!__atomic_load_n(&tasks[arg].pid, __ATOMIC_SEQ_CST))
			usleep(100);
	} else if (tasks[self].what == SETSID) {
		must(setsid());
	} else if (tasks[self].what == SETPGID) {
		must(setpgid(0, arg == self ? 0 : tasks[arg].pid));
	}
}

static void obey(int self)
{
	uint32_t nr = 0;

	signal(SIGCHLD, SIG_IGN); /* nobody waits: the dead are to be gone */
	__atomic_store_n(&tasks[self].pid, getpid(), __ATOMIC_SEQ_CST);
	for (;;) {
		cell_wait(&tasks[self].order, ++nr);
		if (tasks[self].what == DIE)
			_exit(0);
		carry_out(self);
		cell_set(&tasks[self].done, nr);
	}
}

static void order(int who, int what, int arg)
{
	int status;

	if (what == FORK)
		alive[arg] = true;
	tasks[who].what = what;
	tasks[who].arg = arg;
	cell_set(&tasks[who].order, tasks[who].order + 1);
	if (what != DIE) {
		cell_wait(&tasks[who].done, tasks[who].order);
		return;
	}
	alive[who] = false;
	/* Its children come to us. */
	for (int i = 0; i < 1000 && kill(tasks[who].pid, 0) == 0; i++) {
		if (waitpid(tasks[who].pid, &status, WNOHANG) == tasks[who].pid)
			break;
		usleep(1000);
	}
}

static void look(int who, struct ids *ids)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", tasks[who].pid);
	ids->parent = atoi(proc_field(path, "PPid"));
	ids->group = must(getpgid(tasks[who].pid));
	ids->session = must(getsid(tasks[who].pid));
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
	tasks = map_anon(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	must(prctl(PR_SET_CHILD_SUBREAPER, 1));
	alive[0] = true;
	if (!must(fork()))
		obey(0);
	while (!__atomic_load_n(&tasks[0].pid, __ATOMIC_SEQ_CST))
		usleep(100);
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
