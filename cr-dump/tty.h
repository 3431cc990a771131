/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the terminal kind share. */
#ifndef CRKIT_DUMP_TTY_H
#define CRKIT_DUMP_TTY_H

#include "cr-dump/files.h"

/* One end of a terminal, however many open files of the tree it has. */
struct terminal {
	TtyInfoEntry *info;
	dev_t dev;		/* where its name is: tells the instances of devpts apart */
	struct terminal *peer;	/* of a pseudo-terminal whose master is in the tree: the other end */
	struct open_file *file; /* one of its open files; NULL: none, a slave or controlling terminal */
	bool master, hung_up;
	bool external; /* somebody outside has the master */
	struct taken *taken;
};

struct ttys {
	struct terminal **list;
	size_t nr;
	dev_t *sets; /* instances of devpts: ids are made of the place in this list */
	size_t nr_sets;
};

struct ttys *ttys_of(struct dump_ctx *ctx);

/* --- tty_info.c --------------------------------------------------------------------------------------------- */

/* The terminal behind an open file, with its record; made at the first call. */
int tty_look(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct terminal **ret,
	     struct err *e);
/* A controlling terminal that no task has open. */
struct terminal *tty_without_file(struct dump_ctx *ctx, dev_t rdev);

/* --- tty_session.c ------------------------------------------------------------------------------------------ */

/* Whose controlling terminals they are; refuses those that belong to somebody outside. */
int tty_look_sessions(struct dump_ctx *ctx, struct err *e);

/* --- tty_queue.c -------------------------------------------------------------------------------------------- */

/* What waits in pseudo-terminals: taken out, put back, and written to tty-data.img. */
int tty_write_data(struct dump_ctx *ctx, struct err *e);

#endif
