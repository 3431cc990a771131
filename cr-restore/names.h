/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that are needed for a moment: a deleted file is made under the name that it had, opened, and deleted again; and names that go if
 * the restore fails: those of sockets. Every name is noted in memory that the command shares with its worker before it is made, so that a
 * worker that is killed leaves none behind.
 */
#ifndef CRKIT_RESTORE_NAMES_H
#define CRKIT_RESTORE_NAMES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Names that exist, or are about to. */
struct names {
	unsigned int count;
	size_t used; /* bytes of text */
	dev_t dev;   /* of the file that has the names */
	ino_t ino;
	char text[16 * 1024 *
		  1024]; /* a letter for the sort and a path, with a zero, each; memory is taken as it is used */
};

struct names *names_create(struct err *e);
/* Removes all that is noted, the last first. Safe to call at any time. */
void names_undo(struct names *n);

/* A file that is not there yet will be made at `path`: if the restore fails, it goes. One that is there is not ours. */
int names_new(struct names *n, const char *path, struct err *e);

/* Makes the directories that `path` lacks. */
int names_parents(struct names *n, const char *path, struct err *e);
/* In buf: a path in the directory of `path` that nobody else will use. */
int names_temporary(struct names *n, const char *path, char *buf, size_t size, struct err *e);
/* Gives the file at `from` the name `path` too (moves it there, if it is a temporary one). 1: the name is taken. */
int names_add(struct names *n, const char *from, bool temporary, const char *path, struct err *e);

#endif
