/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the test runner share. One process per test and flavour: init of its own namespaces (flow.c). */
#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum verdict { PASSED = 0, FAILED = 1, SKIPPED = 77, BROKEN = 99 };

enum flavour {
	F_BARE,	 /* no dump at all: is the test itself right? */
	F_PLAIN, /* dump, restore */
	F_LEAVE_RUNNING,
	F_STOPPED, /* both commands with --leave-stopped */
	F_CYCLES,  /* three times in a row */
	F_SIBLING, /* restored as child of the tool's caller */
	F_NS_TOOL, /* everything, tools included, inside a time namespace with large offsets */
	F_COUNT,
};

extern const char *const flavour_names[F_COUNT];

struct spec {
	char name[128];
	char path[512]; /* relative to the source tree */
	bool unit;	/* a script or a program with its own main: runs once, its exit status is the verdict */
	char about[256], ids[256], opts[256], dump_opts[256], restore_opts[256], flavours[128], refused[512],
		between[512];
	bool root, busy, solo;
	int fault; /* 0: none */
};

struct setup {
	const char *top;     /* the source tree, as seen inside the namespaces */
	const char *build;   /* relative to top */
	const char *bin;     /* where the tools are, relative to top */
	const char *between; /* a shell command to run between dump and restore, in the test's directory; or NULL */
	bool foreign;	     /* one of the tools is another project's: what the program itself finds is the verdict */
};

/* env.c: turns this process into init of new namespaces, forking. Does not return in the caller, which exits with init's verdict. */
void env_enter(const char *top, bool timens);

/* huge.c: huge pages for as long as this process lives, if the machine lets us. */
void huge_reserve(void);

/* flow.c: the life of one test. */
enum verdict flow_run(const struct setup *setup, const struct spec *spec, enum flavour flavour);

/* left.c: what is left behind; true with a message. */
struct left {
	int mounts, nr_names;
	unsigned long taint;
	struct dirent **names; /* in the working directory */
};
void left_begin(struct left *l); /* before anything was started */
void left_names(struct left *l); /* before the first dump */
bool left_new_names(const struct left *l);
bool left_behind(const struct left *l); /* after the end of the subject */

/* proc.c: processes of the namespace. */
typedef void (*each_pid)(pid_t pid, void *arg);
void pids_each(const pid_t *except, each_pid fn, void *arg); /* all but init (us) and `except`, 0 or one pid */
int pids_count(const pid_t *except);
bool pids_all_stopped(const pid_t *except, char *why, size_t size);
pid_t spawn(char *const argv[], const char *out);		  /* stdout and stderr into the file `out` */
int run_wait(char *const argv[], const char *out, int timeout_s); /* wait status; -1: too long, killed */
int run_system(const char *path, const char *a, const char *b, const char *c); /* exit status; -1 */
bool reap_until(pid_t pid, int *status, double timeout_s);		       /* pid 0: until no child is left */
void reap_forget(void);							       /* pids are about to be used again */
double clock_s(void);
int slowness(void); /* CR_SLOW: how many times longer than usual everything may take here; at least 1 */

/* state.c: writes what is visible of the tree from outside into the file. */
int state_write(const char *path, pid_t root, const pid_t *except, bool busy);

/* images.c: false with the reason printed. */
bool files_same(const char *a, const char *b); /* (silently) */
bool images_stats_true(const char *dir);
bool images_round_trip(const char *dir, const char *crit);
bool images_verify(const char *dir, const char *crit);

#endif
