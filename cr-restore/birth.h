/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Births: every task is cloned with its own pid by its real parent's agent, at the moment at which it inherits the right
 * session, and after its parent's memory is filled when the two share pages copy-on-write. What tasks share (descriptor tables) can
 * be inherited only as well: on its way from one to the other it is handed down by those between them, who give it up later.
 */
#ifndef CRKIT_BIRTH_H
#define CRKIT_BIRTH_H

#include "cr-restore/restore.h"

struct rtask;

enum born_object { BORN_TABLE, BORN_FS, BORN_OBJECTS };

/* What a task has, one after the other, of a sort of object that tasks share; named by the first task that has it in the end. */
struct holding {
	struct rtask **objects;
	size_t nr; /* 0: only one of its own, which it shares with nobody */
	size_t now;
	bool inherited; /* the first is its cloner's */
};

struct born {
	bool exists;	    /* it was cloned */
	bool has_session;   /* its setsid, if any, is done */
	bool before_setsid; /* it is born before its parent's setsid */
	struct rtask
		*cloner; /* who clones it: the parent, a sibling with CLONE_PARENT, or its foster; NULL: the director */
	pid_t birth_sid; /* the session it must be born in; 0: any */
	bool placed;	 /* the birth of its session's leader is planned */
	bool fosters; /* a helper that bears one task in its own session and dies, so that an ancestor adopts the child */
	bool adopted; /* that child */
	struct holding held[BORN_OBJECTS];
	struct rtask *highest[BORN_OBJECTS]; /* of those that have what it names, if they are several */
	bool growing;			     /* birth_grow is at work with it */
	bool traced;			     /* by us already */
	bool gone;			     /* dead; a helper is reaped, too */
};

/* Plan: who is born by whom and when; adds helper tasks where an id of a dead leader has to be held. Before arena_create. */
int birth_plan(struct restore_ctx *ctx, struct err *e);

/* Plan: a process with this number is there from the births on until the files are made. After birth_plan. */
void birth_stand_in(struct restore_ctx *ctx, pid_t pid);

/* Called by birth_plan: how what tasks share comes to all of them. */
void birth_plan_sharing(struct restore_ctx *ctx);

/* Makes the root, then all others; fills memory on the way (memory_fill). */
int birth_tree(struct restore_ctx *ctx, struct err *e);

/* Called by birth_tree: those who get their parent by adoption are born (*progress_ret: any?); when all are, they are adopted. */
int birth_fostered(struct restore_ctx *ctx, bool *progress_ret, struct err *e);
int birth_adoptions(struct restore_ctx *ctx, struct err *e);

/* Called by birth_tree: does the cloner of t have now what t is to inherit? The clone flags for that. */
bool birth_can_inherit(const struct rtask *t);
uint64_t birth_share_flags(const struct rtask *t);
/* Must the new table of t be emptied? Descriptors of others may be in it. */
bool birth_copies_shared(const struct rtask *t);
/* When all heirs of what t has now are born it goes on to the next: *progress_ret. */
int birth_part(struct restore_ctx *ctx, struct rtask *t, bool *progress_ret, struct err *e);

/* Pieces of birth.c for adoption.c. */
int birth_bear_due(struct restore_ctx *ctx, struct rtask *t, struct err *e);
int birth_bear(struct restore_ctx *ctx, struct rtask *t, struct err *e);
int birth_grow(struct restore_ctx *ctx, struct rtask *t, struct err *e);
int birth_end(struct restore_ctx *ctx, struct rtask *t, struct err *e);

/* Process groups; then zombies die and helpers go. */
int birth_finish(struct restore_ctx *ctx, struct err *e);

/* After a failure: kills every task born so far and waits until they are gone. */
void birth_undo(struct restore_ctx *ctx);

#endif
