/* SPDX-License-Identifier: GPL-2.0-only */
/* Long output on a terminal goes through a pager. */
#ifndef CRKIT_CRIT_PAGER_H
#define CRKIT_CRIT_PAGER_H

#include "base/err.h"

/* Is in our environment, and the pager's, while one is in use. */
#define PAGER_IN_USE "CRIT_PAGER_IN_USE"

/*
 * Gives standard output to $CRIT_PAGER, $PAGER or less(1), when it is a terminal. *child_ret is the pager's pid, 0: there is none.
 * When the pager ends first, so does crit, successfully.
 */
int pager_begin(int *child_ret, struct err *e);

/* Lets the pager show all of it, and waits until it is left. */
int pager_end(int child, struct err *e);

#endif
