// SPDX-License-Identifier: GPL-2.0-only
/* Restores that must fail: it is said what is missing, nothing is left behind, and the whole images restore afterwards. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/fail/fail.h"

#define TASKS 20

static void must_fail(struct world *w, const char *what, const char *names)
{
	orderly(w, what, run_restore(w->restore, IMG), names);
	if (!tree_gone(PATIENCE)) {
		failed(w, "%s: %d processes are left behind", what, pids_count(NULL));
		tree_kill(w);
	}
}

/* --- pids --------------------------------------------------------------------------------------------------- */

/* A child of ours with that very pid, asleep. */
static pid_t occupy(pid_t pid)
{
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1 };
	pid_t got = syscall(SYS_clone3, &args, sizeof(args));

	if (!got)
		for (;;)
			pause();
	if (got != pid) {
		perror("clone3");
		exit(BROKEN);
	}
	return got;
}

static void taken(struct world *w, const char *what, pid_t pid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	occupy(pid);
	orderly(w, what, run_restore(w->restore, IMG), number);
	for (double start = clock_s(); pids_count(NULL) != 1 && clock_s() - start < PATIENCE;)
		sleep_s(0.002);
	if (pids_count(NULL) != 1 || kill(pid, 0))
		failed(w, "%s: %d processes are there, not only the one that was", what, pids_count(NULL));
	tree_kill(w);
}

static void taken_pids(struct world *w)
{
	const struct slot *thread = NULL, *last = NULL;

	for (unsigned int i = 0; i < w->board->nr_slots; i++) {
		const struct slot *s = &w->board->slots[i];

		if (s->pid != s->tid)
			thread = s;
		else if (!last || s->pid > last->pid)
			last = s;
	}
	taken(w, "the root's pid is taken", w->root);
	taken(w, "the last process's pid is taken", last->pid);
	taken(w, "a thread's pid is taken", thread->tid);
}

/* --- the tree's files --------------------------------------------------------------------------------------- */

static void files(struct world *w)
{
	int fd;

	rename(WORK "/file-7", WORK "/elsewhere");
	must_fail(w, "a file is missing", WORK "/file-7");
	rename(WORK "/elsewhere", WORK "/file-7");
	fd = open(WORK "/file-11", O_WRONLY | O_APPEND | O_CLOEXEC);
	if (write(fd, "x", 1) != 1)
		exit(BROKEN);
	must_fail(w, "a file has another size", WORK "/file-11");
	if (ftruncate(fd, lseek(fd, 0, SEEK_END) - 1))
		exit(BROKEN);
	close(fd);
	rename(WORK "/board", WORK "/elsewhere");
	must_fail(w, "a mapped file is missing", WORK "/board");
	rename(WORK "/elsewhere", WORK "/board");
	printf("files: missing, changed, mapped and missing\n");
}

/* --- images ------------------------------------------------------------------------------------------------- */

static int is_image(const struct dirent *e)
{
	return !fnmatch("*.img", e->d_name, 0);
}

/* An error that names it; or, when it holds nothing, a tree to which nothing is missing. */
static void without_image(struct world *w, const char *name)
{
	char what[300];
	int status = run_restore(w->restore, IMG), before = w->failures;

	snprintf(what, sizeof(what), "%s is missing", name);
	if (status)
		orderly(w, what, status, name);
	if ((status || (tree_adopt(w) && tree_finish(w))) && !tree_gone(PATIENCE))
		failed(w, "%d processes are left behind", pids_count(NULL));
	if (w->failures > before)
		printf("  this was when %s, and cr-restore ended with wait status %#x\n", what, status);
	tree_kill(w);
}

static void missing_images(struct world *w)
{
	struct dirent **list;
	char from[512];
	int n = scandir(IMG, &list, is_image, alphasort), step = w->full ? 1 : 5, tried = 0;

	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if (i % step && fnmatch("*[a-z].img", name, 0))
			continue;
		snprintf(from, sizeof(from), IMG "/%s", name);
		rename(from, "/tmp/elsewhere");
		without_image(w, name);
		rename("/tmp/elsewhere", from);
		tried++;
	}
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	printf("missing images: each of %d of %d\n", tried, n);
}

static void directories(struct world *w)
{
	orderly(w, "no such directory", run_restore(w->restore, "/tmp/no-such-dir"), "/tmp/no-such-dir");
	orderly(w, "a file instead of the directory", run_restore(w->restore, WORK "/file-1"), WORK "/file-1");
	if (mkdir("/tmp/empty", 0700))
		exit(BROKEN);
	orderly(w, "an empty directory", run_restore(w->restore, "/tmp/empty"), "inventory.img");
	rmdir("/tmp/empty");
	if (!tree_gone(PATIENCE))
		failed(w, "after restores from no images there are processes");
}

/* What fails when everybody is there already. */
static void pidfile(struct world *w)
{
	char *argv[] = { w->restore, "-D", IMG, "-d", "--pidfile", "/tmp/no-such-dir/pidfile", NULL };

	orderly(w, "the pidfile cannot be written", tool_end(spawn(argv, OUT)), "/tmp/no-such-dir/pidfile");
	if (!tree_gone(PATIENCE)) {
		failed(w, "the pidfile cannot be written: processes are left behind");
		tree_kill(w);
	}
}

int main(int argc, char **argv)
{
	struct world w;

	world_enter(&w, argc, argv);
	tree_start(&w, TASKS);
	if (!dump_ok(&w, false) || !tree_gone(PATIENCE))
		return world_end(&w, "no checkpoint to restore from");
	taken_pids(&w);
	files(&w);
	directories(&w);
	pidfile(&w);
	missing_images(&w);
	if (restore_ok(&w) && tree_adopt(&w) && tree_finish(&w))
		printf("the same images restore; the tree's last verification of itself: ok\n");
	return world_end(&w, "restores that fail leave nothing behind");
}
