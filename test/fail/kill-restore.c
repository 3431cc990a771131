// SPDX-License-Identifier: GPL-2.0-only
/*
 * cr-restore is killed at any moment: there is no process and no file that was not there before, or, when it was done already, the
 * whole tree; and the same images restore the tree as it was.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/fail/fail.h"
#include "test/fail/victim.h"

#define TASKS	  20
#define PROCESSES (TASKS + SHADOWS(TASKS))

/* --- files -------------------------------------------------------------------------------------------------- */

/* What a restore may write: its log, and at the end its statistics. */
static int is_news(const struct dirent *e)
{
	return strcmp(e->d_name, "restore.log") && strcmp(e->d_name, "stats-restore");
}

static void list(FILE *out, const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_news, alphasort);

	for (int i = 0; i < n; i++) {
		fprintf(out, "%s/%s\n", dir, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static char *files(void)
{
	static const char *const dirs[] = { "/tmp", IMG, WORK, "/dev/shm", "/dev/mqueue", "/run" };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		list(out, dirs[i]);
	fclose(out);
	return text;
}

static bool same_files(struct world *w, const char *before, const char *when)
{
	char *after = files();
	bool same = !strcmp(before, after);

	if (!same)
		failed(w, "%s: files before:\n%sfiles after:\n%s", when, before, after);
	free(after);
	return same;
}

/* Those of a tree that is gone, be it by a dump or by our hand. */
static void remove_sockets(void)
{
	char path[64];

	for (int i = 0; i < TASKS; i++) {
		snprintf(path, sizeof(path), WORK "/" SOCKET_NAME "%d", i);
		unlink(path);
	}
}

/* --- processes ---------------------------------------------------------------------------------------------- */

static void tell_process(pid_t pid, void *arg)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "grep -hE '^(Name|State|Pid|PPid|TracerPid)' /proc/%d/status | tr '\\n\\t' '; '; echo", pid);
	fflush(stdout);
	if (system(command))
		printf("  process %d\n", pid);
}

/* Nothing, or everything: which one? Waits for one of them, as both may take a moment. */
static int outcome(struct world *w, const char *when, double *took)
{
	double start = clock_s();

	for (;;) {
		if (tree_gone(0)) {
			*took = clock_s() - start;
			return 0;
		}
		/* All are there; were they to go, they would have gone by now. */
		if (clock_s() - start > 0.5 && pids_count(NULL) == PROCESSES)
			return tree_unharmed(w, when) ? PROCESSES : -1;
		if (clock_s() - start > PATIENCE)
			break;
		sleep_s(0.002);
	}
	failed(w, "%s: %d processes are left behind", when, pids_count(NULL));
	pids_each(NULL, tell_process, NULL);
	return -1;
}

/* --- the test ----------------------------------------------------------------------------------------------- */

static bool is_worker(int pid)
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f && !fgets(name, sizeof(name), f))
		name[0] = '\0';
	if (f)
		fclose(f);
	return !strncmp(name, "cr-restore-work", 15);
}

/* The command itself before its worker is born, and after that has ended: then the first child is the tree's root. */
static pid_t worker_of(pid_t command)
{
	char path[64];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", command, command);
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid && is_worker(pid) ? pid : command;
}

/* At n moments between these parts of the usual time, evenly spread, and random in between. */
static void many(struct world *w, const char *name, int sig, bool worker, int n, double from, double to)
{
	int runs = 0, whole = 0, nothing = 0, before = w->failures;
	double took = 0, slowest = 0, usual = 0;
	char when[128], *reference = files();

	for (int i = 0; i < n && w->failures < before + 5; i++, runs++) {
		double part = from + (to - from) * (i + fraction(w)) / n, at;
		pid_t pid;
		int left;

		/* It depends on what else the machine has to do. */
		if (i % 10 == 0) {
			usual = usual_time(w, true);
			remove_sockets();
		}
		at = usual * part;
		pid = start_restore(w);
		snprintf(when, sizeof(when), "cr-restore%s got %s after %.2f ms", worker ? "'s worker" : "",
			 strsignal(sig), at * 1e3);
		sleep_s(at);
		kill(worker ? worker_of(pid) : pid, sig);
		tool_end(pid);
		left = outcome(w, when, &took);
		whole += left == PROCESSES;
		nothing += left == 0;
		slowest = took > slowest ? took : slowest;
		tree_kill(w);
		/* What a failed restore has left would still be there; sockets of a tree that was restored outlive it. */
		if (left)
			remove_sockets();
		same_files(w, reference, when);
	}
	free(reference);
	printf("%s: %d times, nothing left %d, whole tree %d, %d failures; all is gone %.1f ms later at most\n", name,
	       runs, nothing, whole, w->failures - before, slowest * 1e3);
}

int main(int argc, char **argv)
{
	struct world w;
	double usual;
	int n;

	world_enter(&w, argc, argv);
	n = w.full ? 200 : 40;
	tree_start(&w, TASKS);
	if (!dump_ok(&w, false) || !tree_gone(PATIENCE))
		return world_end(&w, "no checkpoint to restore from");
	remove_sockets();
	usual = usual_time(&w, true);
	remove_sockets();
	printf("a restore of the tree usually takes %.1f ms\n", usual * 1e3);
	many(&w, "SIGKILL", SIGKILL, false, n, 0, 1.1);
	/* Where the tasks are let go. */
	many(&w, "SIGKILL near the end", SIGKILL, false, n / 2, 0.8, 1.1);
	many(&w, "SIGKILL of the worker", SIGKILL, true, n / 2, 0, 1.1);
	many(&w, "SIGTERM", SIGTERM, false, n / 5, 0, 1.1);
	many(&w, "SIGINT", SIGINT, false, n / 5, 0, 1.1);
	if (restore_ok(&w) && tree_adopt(&w) && tree_finish(&w))
		printf("the same images restore; the tree's last verification of itself: ok\n");
	return world_end(&w, "cr-restore killed at any moment");
}
