// SPDX-License-Identifier: GPL-2.0-only
/*
 * cr-dump is killed at any moment: the tree that it was dumping goes on as if nothing had happened, and the image directory has
 * a complete checkpoint or none.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/fail/fail.h"

#define TASKS 20

struct tally {
	int runs, completed, given_up, restored;
};

/* A complete dump took the tree away: from its images it must come back as it was. */
static bool bring_back(struct world *w, struct tally *t)
{
	t->restored++;
	if (!tree_gone(PATIENCE)) {
		failed(w, "there is a checkpoint, but a part of the tree is still there");
		return false;
	}
	return restore_ok(w) && tree_adopt(w);
}

static bool check(struct world *w, struct tally *t, const char *when, bool leave_running)
{
	if (!no_tool_left(w))
		return false;
	if (is_checkpoint(IMG)) {
		t->completed++;
		return leave_running ? tree_unharmed(w, when) : bring_back(w, t);
	}
	t->given_up++;
	if (count_images(IMG)) {
		failed(w, "%s: there is no checkpoint, but there are %d images", when, count_images(IMG));
		return false;
	}
	return tree_unharmed(w, when);
}

static void anew(struct world *w)
{
	tree_kill(w);
	tree_start(w, TASKS);
}

/* Begins a dump and sends sig to the command, or to its process group, after so many seconds. */
static void one(struct world *w, struct tally *t, int sig, bool group, double at, bool leave_running)
{
	char when[128];
	int status;
	pid_t pid;

	snprintf(when, sizeof(when), "cr-dump%s got %s%s after %.2f ms", leave_running ? " -R" : "", strsignal(sig),
		 group ? " (group)" : "", at * 1e3);
	clean_dir(IMG);
	pid = start_dump(w, leave_running);
	if (group)
		setpgid(pid, pid);
	sleep_s(at);
	kill(group ? -pid : pid, sig);
	status = tool_end(pid);
	t->runs++;
	if (!check(w, t, when, leave_running)) {
		tell_output();
		anew(w);
	} else if (sig != SIGKILL && is_checkpoint(IMG) != (status == 0)) {
		failed(w, "%s: its exit status is %#x, and there is %s checkpoint", when, status,
		       is_checkpoint(IMG) ? "a" : "no");
	}
}

static void many(struct world *w, const char *name, int sig, bool group, int n)
{
	struct tally t = { 0 };
	int before = w->failures;
	double usual = 0;

	w->slowest_recovery = 0;
	/* Evenly spread, and random in between; somewhat further than a dump usually takes, as it may take longer. */
	for (int i = 0; i < n && w->failures < before + 5; i++) {
		/* It depends on what else the machine has to do. */
		if (i % 10 == 0)
			usual = usual_time(w, false);
		one(w, &t, sig, group, usual * 1.15 * (i + fraction(w)) / n, i % 2);
	}
	printf("%s: %d times, %d dumps given up, %d complete (%d of them restored), %d failures; all is over %.1f ms later at most\n",
	       name, t.runs, t.given_up, t.completed, t.restored, w->failures - before, w->slowest_recovery * 1e3);
}

int main(int argc, char **argv)
{
	struct world w;
	double usual;
	int n;

	world_enter(&w, argc, argv);
	n = w.full ? 200 : 40;
	tree_start(&w, TASKS);
	usual = usual_time(&w, false);
	tree_unharmed(&w, "after undisturbed dumps");
	printf("a dump of the tree usually takes %.1f ms\n", usual * 1e3);
	many(&w, "SIGKILL", SIGKILL, false, n);
	many(&w, "SIGTERM", SIGTERM, false, n / 5);
	many(&w, "SIGINT to the process group", SIGINT, true, n / 5);
	many(&w, "SIGHUP", SIGHUP, false, n / 5);
	if (tree_finish(&w))
		printf("the tree's last verification of itself: ok\n");
	return world_end(&w, "cr-dump killed at any moment");
}
