/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may look into a task of the tree, and write there, before it is let go? It shares the agents' memory with the others, of which some may
 * still be privileged, or will be: what its user writes there, they would do. So nobody but root may, from the birth of the root
 * on: its "dumpable" attribute (PR_SET_DUMPABLE) is off, and so is that of all who come from it. It becomes what it was when the agents' memory
 * can no more be written by way of the task; sooner only in one whose users have all rights of ours anyway.
 */
#ifndef CRKIT_DUMPABLE_H
#define CRKIT_DUMPABLE_H

#include "cr-restore/restore.h"

/* For the first program of the root, and when that has run: a director that cannot reach the task then has to do without. */
void dumpable_put_off(struct prog *p);
int dumpable_check_reach(struct restore_ctx *ctx, struct rtask *root, struct err *e);

/* The attribute as it is to be, -1: as the change of credentials leaves it. */
int dumpable_of(const struct rtask *t);

/* Is it to be set as late as that? */
bool dumpable_comes_late(struct restore_ctx *ctx, const struct rtask *t);

#endif
