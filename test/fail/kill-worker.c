// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker of cr-dump, which is the tracer of the tree, is killed: at each of its calls of ptrace(2), and at any moment. The command then
 * puts everything back: the tree goes on as if nothing had happened, or is gone when the dump was complete, and no image is left without a
 * checkpoint.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/fail/fail.h"

#define TASKS 7
#define COUNT "/tmp/calls"

struct tally {
	int runs, given_up, complete, interrupted;
};

static void anew(struct world *w)
{
	tree_kill(w);
	tree_start(w, TASKS);
}

/* A call of which signal(7) says that every stop interrupts it did so, because nobody was there in time to make it go on. */
static bool only_interrupted(struct world *w)
{
	bool any = false;

	for (unsigned int i = 0; i < w->board->nr_slots; i++) {
		const struct slot *s = &w->board->slots[i];

		if (s->errors && !strstr(s->text, "epoll_wait returned -1, errno 4") &&
		    !strstr(s->text, "kind 1 returned -1: Interrupted"))
			return false;
		any |= s->errors;
	}
	return any;
}

static bool unharmed(struct world *w, struct tally *t, const char *when)
{
	int failures = w->failures;

	w->quiet = true;
	if (tree_unharmed(w, when)) {
		w->quiet = false;
		return true;
	}
	w->quiet = false;
	if (only_interrupted(w)) {
		w->failures = failures;
		t->interrupted++;
		return false;
	}
	tree_unharmed(w, when);
	return false;
}

/* What the dump was to do with the tree is done, or it goes on as it was. */
static bool check(struct world *w, struct tally *t, const char *when, bool leave_running)
{
	t->runs++;
	if (!no_tool_left(w))
		return false;
	if (is_checkpoint(IMG)) {
		t->complete++;
		if (leave_running)
			return unharmed(w, t, when);
		if (tree_gone(PATIENCE)) {
			/* Those that were killed last have seen the others die. */
			for (unsigned int i = 0; i < w->board->nr_slots; i++)
				w->board->slots[i].errors = 0;
			return restore_ok(w) && tree_adopt(w);
		}
		failed(w, "%s: there is a checkpoint, but a part of the tree is still there", when);
		return false;
	}
	t->given_up++;
	if (count_images(IMG)) {
		failed(w, "%s: there is no checkpoint, but there are %d images", when, count_images(IMG));
		return false;
	}
	return unharmed(w, t, when);
}

static void told(struct world *w, const struct tally *t, const char *name, int failures)
{
	printf("%s: %d times, %d dumps given up, %d complete, %d times a call returned EINTR, %d failures; all is over %.1f ms later at most\n",
	       name, t->runs, t->given_up, t->complete, t->interrupted, w->failures - failures,
	       w->slowest_recovery * 1e3);
}

/* --- at each call of ptrace(2) ------------------------------------------------------------------------------- */

static long dump_with_shim(struct world *w, long at, bool leave_running)
{
	char number[24];
	FILE *f;
	long n = 0;

	unlink(COUNT);
	clean_dir(IMG);
	snprintf(number, sizeof(number), "%ld", at);
	setenv("LD_PRELOAD", w->shim, 1);
	setenv("CR_KILL_WHO", "cr-dump-worker", 1);
	setenv("CR_KILL_AT", number, 1);
	setenv("CR_KILL_COUNT", COUNT, 1);
	tool_end(start_dump(w, leave_running));
	unsetenv("LD_PRELOAD");
	f = fopen(COUNT, "re");
	if (f && fscanf(f, "%ld", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static void at_each_call(struct world *w)
{
	long calls = dump_with_shim(w, 0, true);
	int n = w->full ? calls : 60, failures = w->failures;
	struct tally t = { 0 };
	char when[128];

	if (calls < 100) {
		failed(w, "the worker has made %ld calls of ptrace", calls);
		tell_output();
		return;
	}
	w->slowest_recovery = 0;
	for (int i = 0; i < n && w->failures < failures + 5; i++) {
		long at = w->full ? i + 1 : 1 + calls * (i + fraction(w)) / n;

		snprintf(when, sizeof(when), "the worker was killed at its ptrace call %ld of about %ld", at, calls);
		dump_with_shim(w, at, true);
		if (!check(w, &t, when, true))
			anew(w);
	}
	told(w, &t, "SIGKILL of the worker at a call of ptrace", failures);
}

/* --- at any moment ------------------------------------------------------------------------------------------- */

static void at_any_moment(struct world *w, bool leave_running, int n)
{
	int failures = w->failures;
	struct tally t = { 0 };
	double usual = 0;
	char when[128];

	w->slowest_recovery = 0;
	for (int i = 0; i < n && w->failures < failures + 5; i++) {
		pid_t pid, target = 0;

		if (i % 10 == 0)
			usual = usual_time(w, false);
		clean_dir(IMG);
		pid = start_dump(w, leave_running);
		sleep_s(usual * 1.05 * (i + fraction(w)) / n);
		if (count_comm("cr-dump-worker", &target))
			kill(target, SIGKILL);
		tool_end(pid);
		snprintf(when, sizeof(when), "the worker was killed%s", leave_running ? " (-R)" : "");
		if (!check(w, &t, when, leave_running))
			anew(w);
	}
	told(w, &t, leave_running ? "SIGKILL of the worker, -R" : "SIGKILL of the worker", failures);
}

int main(int argc, char **argv)
{
	struct world w;

	world_enter(&w, argc, argv);
	tree_start(&w, TASKS);
	at_each_call(&w);
	at_any_moment(&w, true, w.full ? 200 : 20);
	at_any_moment(&w, false, w.full ? 100 : 10);
	if (tree_finish(&w))
		printf("the tree's last verification of itself: ok\n");
	return world_end(&w, "the worker of cr-dump killed at any moment");
}
