/* SPDX-License-Identifier: GPL-2.0-only */
/* Colours, for people only: without a terminal, or where NO_COLOR says so, every one is the empty text. */
#ifndef CRKIT_CRIT_COLOUR_H
#define CRKIT_CRIT_COLOUR_H

#include <stdbool.h>

enum colour {
	COLOUR_NONE, /* back to normal */
	COLOUR_HEAD, /* what the lines below belong to */
	COLOUR_KEY,
	COLOUR_TEXT,
	COLOUR_NUMBER,
	COLOUR_GOOD, /* also: added */
	COLOUR_BAD,  /* also: removed */
	COLOUR_HIT,  /* what was looked for */
};

/* Is standard output read by people: a terminal, or the pager in front of one? */
bool for_people(void);

bool colours_wanted(void);

/* The escape sequence, or "". */
const char *colour(enum colour c);

/*
 * Gives standard output to a child that colours the JSON that is written from now on; *child_ret is its pid, or 0 when no
 * colours are wanted. colour_json_end waits for it.
 */
void colour_json_begin(int *child_ret);
void colour_json_end(int child);

#endif
