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

/* --- the worker --------------------------------------------------------------------------------------------- */

/* Did it only see system calls return EINTR, or worse? */
static bool only_interrupted(struct world *w)
{
	for (unsigned int i = 0; i < w->board->nr_slots; i++) {
		const struct slot *s = &w->board->slots[i];

		if (s->errors && !strstr(s->text, "Interrupted") && !strstr(s->text, "errno 4"))
			return false;
	}
	return w->board->nr_slots;
}

/* Nobody should kill the worker, and nobody can undo what it has left; what comes of it is only told. */
static void worker(struct world *w, int n, double usual)
{
	int unharmed = 0, complete = 0, interrupted = 0, harmed = 0, failures = w->failures;

	w->quiet = true;
	for (int i = 0; i < n; i++) {
		pid_t pid, target = 0;

		clean_dir(IMG);
		pid = start_dump(w, true);
		sleep_s(usual * (i + fraction(w)) / n);
		if (count_comm("cr-dump-worker", &target))
			kill(target, SIGKILL);
		tool_end(pid);
		no_tool_left(w);
		sleep_s(0.02);
		complete += is_checkpoint(IMG);
		if (tree_unharmed(w, "the worker was killed")) {
			unharmed += !is_checkpoint(IMG);
			continue;
		}
		if (only_interrupted(w))
			interrupted++;
		else
			harmed++;
		anew(w);
	}
	w->quiet = false;
	w->failures = failures;
	printf("for information, SIGKILL of the worker itself: %d times; dump complete %d, unharmed %d, system calls interrupted %d, harmed %d\n",
	       n, complete, unharmed, interrupted, harmed);
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
	if (w.full) {
		anew(&w);
		worker(&w, 40, usual);
	}
	return world_end(&w, "cr-dump killed at any moment");
}
