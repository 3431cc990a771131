// SPDX-License-Identifier: GPL-2.0-only
/*
 * While the tasks of a user are dumped, another process of his changes what the dump's own programs, which run in them, say of themselves: where
 * the answers are. That he may have lies in the images; but cr-dump stays within its own memory.
 */
#include <grp.h>

#include "parasite/runner.h"
#include "test/crtest.h"

#define USER	 1000
#define CHILDREN 24
#define DUMPS	 40
#define ENOUGH	 20 /* programs that were changed */

struct board {
	pid_t children[CHILDREN];
	uint32_t ready, changed;
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

static void start_tree(void)
{
	must(setsid());
	become_user();
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = must(fork());

		if (!pid)
			break;
		board->children[i] = pid;
	}
	__atomic_fetch_add(&board->ready, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/* Where the runner's page is, before the areas; 0: there is none now. */
static uint64_t find_runner(int maps)
{
	static char text[65536];
	char *line, *rest = text;
	ssize_t n = pread(maps, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		uint64_t start;

		if (sscanf(line, "%lx-%*x rwxs", &start) == 1 && strstr(line, "rwxs"))
			return start;
	}
	return 0;
}

static void change(int mem, uint64_t at)
{
	static struct run_op ops[512];
	struct run_slot s;
	ssize_t len;

	if (pread(mem, &s, sizeof(s), at) != sizeof(s) || s.state != RUN_DONE || s.nr_ops > sizeof(ops) / sizeof(*ops))
		return;
	len = s.nr_ops * sizeof(*ops);
	if (pread(mem, ops, len, at + sizeof(s)) != len)
		return;
	for (uint32_t i = 0; i < s.nr_ops; i++)
		for (int arg = 0; arg < 6; arg++)
			ops[i].arg[arg] = 0x4141414141414141;
	if (pwrite(mem, ops, len, at + sizeof(s)) == len)
		__atomic_fetch_add(&board->changed, 1, __ATOMIC_RELEASE);
}

static void scribble(void)
{
	int mem[CHILDREN], maps[CHILDREN];
	char path[64];

	become_user();
	for (int i = 0; i < CHILDREN; i++) {
		snprintf(path, sizeof(path), "/proc/%d/mem", board->children[i]);
		mem[i] = must(open(path, O_RDWR));
		snprintf(path, sizeof(path), "/proc/%d/maps", board->children[i]);
		maps[i] = must(open(path, O_RDONLY));
	}
	for (int i = 0;; i = (i + 1) % CHILDREN) {
		uint64_t at = find_runner(maps[i]);

		if (at)
			change(mem[i], at + PAGE);
	}
}

static void dump(pid_t pid)
{
	char cmd[700];
	int status;

	snprintf(cmd, sizeof(cmd), "%s/cr-dump -t %d -R -D img -v4 -o cr-dump.log 2>err", getenv("CR_BIN"), pid);
	status = system(cmd);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1 || !system("grep -q 'killed by signal' err"))
		fail("cr-dump was led astray");
}

int main(void)
{
	pid_t root, scribbler;

	setvbuf(stdout, NULL, _IOLBF, 0);
	board = must(mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	root = must(fork());
	if (!root)
		start_tree();
	while (__atomic_load_n(&board->ready, __ATOMIC_ACQUIRE) < CHILDREN + 1)
		usleep(1000);
	task_wait_asleep(root);
	scribbler = must(fork());
	if (!scribbler)
		scribble();
	must(mkdir("img", 0700));
	for (int i = 0; i < DUMPS && __atomic_load_n(&board->changed, __ATOMIC_ACQUIRE) < ENOUGH; i++)
		dump(root);
	printf("%u programs were changed\n", board->changed);
	must(kill(scribbler, SIGKILL));
	for (int i = 0; i < CHILDREN; i++)
		must(kill(board->children[i], SIGKILL));
	must(kill(root, SIGKILL));
	return board->changed ? 0 : 77;
}
