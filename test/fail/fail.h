/* SPDX-License-Identifier: GPL-2.0-only */
/* What the failure tests share: their world, the victim tree, and how to see that it is unharmed. */
#ifndef FAIL_FAIL_H
#define FAIL_FAIL_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "test/fail/victim.h"
#include "test/runner/run.h"

#define IMG  "/tmp/img"	 /* the images */
#define WORK "/tmp/work" /* where the victim lives */
#define OUT  "/tmp/out"	 /* what the last tool printed */

/* A signal in this many seconds: everything is expected to be much faster, but machines can be busy. */
#define PATIENCE 20.0

struct world {
	char dump[512], restore[512], victim[512], shim[512];
	bool full; /* all the numbers, not only a sample */
	unsigned int seed;
	int failures;
	bool quiet; /* failures are counted, not told */
	pid_t root;
	struct board *board;
	char *reference; /* the unharmed tree, see snapshot() */
	double slowest_recovery;
};

/* Parses [--full] [--seed N] and becomes init of a pid and mount namespace of its own, with an own /tmp. */
void world_enter(struct world *w, int argc, char **argv);
int world_end(struct world *w, const char *name); /* the test's exit status */

/* A number below one; the same for the same seed. */
double fraction(struct world *w);

void failed(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- the tree --- */
void tree_start(struct world *w, int tasks); /* and takes the reference */
bool tree_adopt(struct world *w);	     /* after a restore: it is there, as it was, and goes on */
bool tree_unharmed(struct world *w, const char *when);
bool tree_gone(double timeout_s);  /* nobody but us is left in the namespace */
bool tree_finish(struct world *w); /* SIGTERM to the root; true if everything verified itself */
void tree_kill(struct world *w);

/* --- tools --- */
int run_dump(struct world *w, pid_t pid, const char *dir); /* wait status; messages in OUT, as of all of them */
int run_restore(const char *tool, const char *dir);
/* It failed in an orderly way, and said so with this text; `names` may be NULL. */
bool orderly(struct world *w, const char *what, int status, const char *names);
void clean_dir(const char *path); /* made, or emptied */
bool file_mentions(const char *path, const char *text);
bool is_checkpoint(const char *dir);
int count_images(const char *dir);
pid_t start_dump(struct world *w, bool leave_running);
pid_t start_restore(struct world *w);
int tool_end(pid_t pid); /* wait status; -1 and killed when it takes too long */
bool no_tool_left(struct world *w);
bool dump_ok(struct world *w, bool leave_running);
bool restore_ok(struct world *w);
void tell_output(void);
double usual_time(struct world *w, bool restore);
void sleep_s(double s);

/* Number of processes of the namespace whose comm begins with prefix; *pid_ret: one of them. */
int count_comm(const char *prefix, pid_t *pid_ret);

#endif
