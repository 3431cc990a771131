/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verbs of crit share. */
#ifndef CRKIT_CRIT_CRIT_H
#define CRKIT_CRIT_CRIT_H

#include <getopt.h>
#include <stdbool.h>

#include "base/err.h"

/* What a verb returns, and crit's exit codes. */
enum { CRIT_OK = 0, CRIT_FAILED = 1, CRIT_USAGE = 2, CRIT_TROUBLE = 3 /* of diff, where 1 is an answer */ };

/*
 * One verb. run gets argv with the verb itself as argv[0]. It returns CRIT_OK, CRIT_FAILED with *e filled, or CRIT_USAGE
 * after it has said on stderr what was wrong (or e->what is set).
 */
struct crit_verb {
	const char *name;
	const char *summary;	      /* one line of crit --help */
	const char *usage;	      /* what --help of the verb prints, the synopsis first */
	const struct option *options; /* the long ones, without --help; NULL: there are none */
	const char *letters;	      /* the short ones, as getopt(3) wants them, without -h; NULL: there are none */
	bool paged;		      /* its output is for reading: on a terminal it goes through a pager */
	int (*run)(const struct crit_verb *self, int argc, char **argv, struct err *e);
};

#define VERB(name) extern const struct crit_verb verb_##name;
#include "crit/verbs.def"
#undef VERB

/*
 * The next option of a verb, as getopt_long(3) has it: its letter, 0 when all are taken (optind is at the first argument). -1: the
 * verb ends with *status, because --help was asked for or an option is wrong.
 */
int crit_option(const struct crit_verb *self, int argc, char **argv, int *status, struct err *e);

/* The options of a verb that has but one, without argument: *flag, which is false before, tells whether it is there. Otherwise as above. */
int crit_flag(const struct crit_verb *self, int argc, char **argv, bool *flag, int *status, struct err *e);

/* Fills *e with a usage error and returns CRIT_USAGE. */
int crit_usage(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints the usage of a verb on stdout; returns CRIT_OK. */
int crit_help(const struct crit_verb *verb);

/* Opens a file to read; NULL is standard input. Returns the descriptor, or -1 with *e. */
int crit_open_input(const char *path, struct err *e);

/*
 * A file to be written: the content goes to a temporary file beside it, which takes its place when all is there. Without
 * a path it is standard output; what is there already and is no regular file (a pipe, a device) is written as it is.
 */
struct output {
	int fd;
	bool is_stdout;
	const char *name; /* for errors */
	char *target;	  /* NULL: written directly */
	char *temporary;
};

int output_open(struct output *o, const char *path, struct err *e);

/* Puts the file in place. */
int output_commit(struct output *o, struct err *e);

/* Removes what was not committed. */
void output_close(struct output *o);
#define _cleanup_output_ __attribute__((cleanup(output_close)))

#endif
