// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks of a user that are being restored beside one of root: no other process of the user comes to the memory that they share with it
 * until they are let go. It tries all the time; when they run, it succeeds.
 */
#include <grp.h>

#include "test/crtest.h"

#define USER	 1000
#define CHILDREN 24

struct board {
	pid_t children[CHILDREN];
	uint32_t opened[CHILDREN], ready;
	char caught[600];
} * board;

static void fail(const char *what)
{
	printf("FAIL: %s\n", what);
	exit(1);
}

static void become_user(void)
{
	must(setgroups(0, NULL));
	must(setresgid(USER, USER, USER));
	must(setresuid(USER, USER, USER));
	must(prctl(PR_SET_DUMPABLE, 1));
}

/* Nothing that a task of the tree maps is shared. */
static void sleep_for_ever(void)
{
	must(munmap(board, sizeof(*board)));
	for (;;)
		pause();
}

static void start_tree(void)
{
	must(setsid());
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = must(fork());

		if (!pid) {
			become_user();
			__atomic_fetch_add(&board->ready, 1, __ATOMIC_RELEASE);
			sleep_for_ever();
		}
		board->children[i] = pid;
	}
	__atomic_fetch_add(&board->ready, 1, __ATOMIC_RELEASE);
	sleep_for_ever();
}

/* Is there memory that it shares, and can write? */
static void look_at(int i)
{
	char path[64], line[512], perms[8];
	FILE *maps;
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", board->children[i]);
	mem = open(path, O_RDWR);
	if (mem < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/maps", board->children[i]);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%*s %7s", perms) == 1 && perms[1] == 'w' && perms[3] == 's' && !*board->caught)
			snprintf(board->caught, sizeof(board->caught), "%d: %s", board->children[i], line);
	if (maps)
		fclose(maps);
	close(mem);
	board->opened[i]++;
}

static void spy(void)
{
	become_user();
	for (int i = CHILDREN;; i = i ? i : CHILDREN)
		look_at(--i);
}

static void await_all_opened(void)
{
	for (int i = 0; i < CHILDREN; i++)
		for (int tries = 0; !*(volatile uint32_t *)&board->opened[i]; tries++) {
			if (tries > 20000)
				fail("the spy does not reach a task that runs");
			usleep(1000);
		}
}

static void run(const char *tool, const char *args)
{
	char cmd[700];

	snprintf(cmd, sizeof(cmd), "%s/%s %s -D img -v4 -o %s.log", getenv("CR_BIN"), tool, args, tool);
	if (system(cmd))
		fail(cmd);
}

int main(void)
{
	char args[32];
	pid_t root, spies;

	setvbuf(stdout, NULL, _IOLBF, 0);
	board = must(mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	root = must(fork());
	if (!root)
		start_tree();
	while (__atomic_load_n(&board->ready, __ATOMIC_ACQUIRE) < CHILDREN + 1)
		usleep(1000);
	task_wait_asleep(root);
	must(mkdir("img", 0700));
	snprintf(args, sizeof(args), "-t %d", root);
	run("cr-dump", args);
	must(waitpid(root, NULL, 0));

	spies = must(fork());
	if (!spies)
		spy();
	run("cr-restore", "-d");
	await_all_opened();
	must(kill(spies, SIGKILL));
	for (int i = 0; i < CHILDREN; i++)
		must(kill(board->children[i], SIGKILL));
	must(kill(root, SIGKILL));
	if (*board->caught)
		fail(board->caught);
	return 0;
}
