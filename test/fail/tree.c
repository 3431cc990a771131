// SPDX-License-Identifier: GPL-2.0-only
/* The victim tree of the failure tests, looked at from outside: see fail.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/fail/fail.h"

/* --- what is visible of a tree ------------------------------------------------------------------------------ */

static void copy_file(FILE *out, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f))
		fputs(line, out);
	if (f)
		fclose(f);
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int is_number(const struct dirent *e)
{
	return isdigit((unsigned char)e->d_name[0]);
}

static void each_entry(FILE *out, pid_t pid, const char *dir, void (*fn)(FILE *out, pid_t pid, const char *name))
{
	struct dirent **list;
	char path[64];
	int n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, dir);
	n = scandir(path, &list, is_number, by_number);
	for (int i = 0; i < n; i++) {
		fn(out, pid, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void show_fd(FILE *out, pid_t pid, const char *name)
{
	char path[64], target[512];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%.10s", pid, name);
	n = readlink(path, target, sizeof(target) - 1);
	/* Pipes and sockets of a restored tree are new ones. */
	if (n > 0)
		target[n] = '\0';
	if (n > 0 && (!strncmp(target, "pipe:", 5) || !strncmp(target, "socket:", 7)))
		*strchr(target, ':') = '\0';
	if (n > 0)
		fprintf(out, "pid %d fd %s -> %s\n", pid, name, target);
}

/* Running and sleeping are the same to us; stopped and traced are not. */
static void show_thread(FILE *out, pid_t pid, const char *name)
{
	static const char *const keys[] = { "State",  "TracerPid", "Uid",    "Groups",	   "SigBlk",
					    "SigIgn", "SigCgt",	   "CapEff", "NoNewPrivs", "Seccomp" };
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.10s/status", pid, name);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
			size_t n = strlen(keys[i]);

			if (strncmp(line, keys[i], n) || line[n] != ':')
				continue;
			if (i == 0 && strchr("RSD", line[7]))
				strcpy(line + 7, "alive\n");
			fprintf(out, "pid %d thread %s %s", pid, name, line);
		}
	if (f)
		fclose(f);
}

static void show_process(pid_t pid, void *arg)
{
	FILE *out = arg;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	fprintf(out, "pid %d\n", pid);
	copy_file(out, path);
	each_entry(out, pid, "fd", show_fd);
	each_entry(out, pid, "task", show_thread);
}

static char *snapshot(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	pids_each(NULL, show_process, out);
	fclose(out);
	return text;
}

/* --- is it as it was? --------------------------------------------------------------------------------------- */

static void save(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

static void tell_difference(const char *reference, const char *text)
{
	save("/tmp/before", reference);
	save("/tmp/after", text);
	fflush(stdout);
	if (system("diff -U0 /tmp/before /tmp/after | tail -n +3 | head -n 20 | cut -c 1-200"))
		printf("diff failed\n");
	unlink("/tmp/before");
	unlink("/tmp/after");
}

static bool has_errors(struct world *w, const char *when)
{
	bool any = false;

	for (unsigned int i = 0; i < w->board->nr_slots; i++) {
		const struct slot *s = &w->board->slots[i];

		if (!s->errors)
			continue;
		if (!any)
			failed(w, "%s: the tree has found errors in itself", when);
		if (!w->quiet)
			printf("  pid %d thread %d (%s): %s\n", s->pid, s->tid, s->what, s->text);
		any = true;
	}
	return any;
}

/* Some things take a moment: the last thread is detached, a signal handler runs. */
static bool same_as_reference(struct world *w, const char *when)
{
	double start = clock_s();

	for (;;) {
		char *text = snapshot();
		bool same = !strcmp(text, w->reference);

		if (!same && has_errors(w, when)) {
			free(text);
			return false;
		}
		if (!same && clock_s() - start > PATIENCE) {
			failed(w, "%s: the tree is not as it was (- before, + now)", when);
			if (!w->quiet)
				tell_difference(w->reference, text);
			free(text);
			return false;
		}
		free(text);
		if (same)
			return true;
		sleep_s(0.005);
	}
}

/* Every thread that does something has done it twice again: whole loops, from begin to end. */
static bool goes_on(struct world *w, const char *when)
{
	uint64_t before[MAX_SLOTS];
	double start = clock_s();
	unsigned int i = 0;

	for (i = 0; i < w->board->nr_slots; i++)
		before[i] = w->board->slots[i].count;
	for (i = 0; i < w->board->nr_slots;) {
		const struct slot *s = &w->board->slots[i];

		if (s->idle || __atomic_load_n(&s->count, __ATOMIC_ACQUIRE) >= before[i] + 2) {
			i++;
			continue;
		}
		if (has_errors(w, when))
			return false;
		if (clock_s() - start > PATIENCE) {
			failed(w, "%s: thread %d of process %d (%s) does not go on", when, s->tid, s->pid, s->what);
			return false;
		}
		sleep_s(0.002);
	}
	return !has_errors(w, when);
}

bool tree_unharmed(struct world *w, const char *when)
{
	return same_as_reference(w, when) && goes_on(w, when);
}

/* --- its life ----------------------------------------------------------------------------------------------- */

static void map_board(struct world *w)
{
	int fd = open(WORK "/board", O_RDWR | O_CLOEXEC);

	if (w->board)
		munmap(w->board, sizeof(*w->board));
	w->board = mmap(NULL, sizeof(*w->board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || w->board == MAP_FAILED) {
		perror(WORK "/board");
		exit(BROKEN);
	}
	close(fd);
}

void tree_start(struct world *w, int tasks)
{
	char number[16];
	char *argv[] = { w->victim, number, NULL };
	double start = clock_s();

	snprintf(number, sizeof(number), "%d", tasks);
	clean_dir(WORK);
	w->root = spawn(argv, WORK "/log");
	while (access(WORK "/board", F_OK) || (map_board(w), !w->board->complete)) {
		if (clock_s() - start > PATIENCE) {
			printf("BROKEN: the victim does not start\n");
			exit(BROKEN);
		}
		sleep_s(0.01);
	}
	/* Once through everything, so that stacks and heaps have their size. */
	sleep_s(0.3);
	goes_on(w, "at the start");
	free(w->reference);
	w->reference = snapshot();
}

bool tree_adopt(struct world *w)
{
	return tree_unharmed(w, "after the restore");
}

bool tree_gone(double timeout_s)
{
	double start = clock_s();
	int status;

	while (!reap_until(0, &status, 0) || pids_count(NULL)) {
		reap_forget();
		if (clock_s() - start > timeout_s)
			return false;
		sleep_s(0.001);
	}
	reap_forget();
	return true;
}

static void kill_one(pid_t pid, void *arg)
{
	kill(pid, SIGKILL);
}

void tree_kill(struct world *w)
{
	double start = clock_s();

	do {
		pids_each(NULL, kill_one, NULL);
		if (!tree_gone(0.2))
			continue;
		/* The last ones have seen the others die. */
		for (unsigned int i = 0; w->board && i < w->board->nr_slots; i++)
			w->board->slots[i].errors = 0;
		if (w->board)
			w->board->stop = 0;
		if (truncate(WORK "/log", 0) && errno != ENOENT)
			failed(w, "cannot empty the log of the tree: %s", strerror(errno));
		return;
	} while (clock_s() - start < PATIENCE);
	failed(w, "there are processes that SIGKILL does not end");
}

bool tree_finish(struct world *w)
{
	double start = clock_s();
	int status = -1;

	reap_forget();
	do
		kill(w->root, SIGTERM);
	while (!reap_until(w->root, &status, 0.1) && clock_s() - start < PATIENCE);
	if (!status && file_mentions(WORK "/log", "ok"))
		return true;
	failed(w, "the tree's last verification ends with status %#x", status);
	if (!freopen(OUT, "we", stderr) || system("cp " WORK "/log " OUT))
		return false;
	tell_output();
	return false;
}
