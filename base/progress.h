/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Progress for people: work that has taken more than a second tells a terminal on standard error how far it is, in one line that is
 * removed at the end. Nothing is ever written to what is no terminal.
 */
#ifndef CRKIT_PROGRESS_H
#define CRKIT_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; /* "saving memory" */
	uint64_t total;	  /* bytes; 0: unknown */
	atomic_ullong done;
	atomic_ullong next_ms; /* when to tell again */
	uint64_t start_ms;
	atomic_bool shown;
	bool terminal;
};

void progress_begin(struct progress *p, const char *what, uint64_t total);
/* May be called by several threads at once. */
void progress_add(struct progress *p, uint64_t bytes);
/* Removes the line. */
void progress_end(struct progress *p);

#endif
