/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the terminal kind share. */
#ifndef CRKIT_RESTORE_TTY_H
#define CRKIT_RESTORE_TTY_H

#include "cr-restore/files.h"

/* A pseudo-terminal of the tree, or the remains of one. */
struct pty {
	const TtyInfoEntry *master, *slave; /* either may be missing, not both */
	const TtyDataEntry *output, *input; /* what waits at the master, at the slave */
	bool hung_up;			    /* only slaves are left */
	bool checked, made;
	int master_fd, slave_fd; /* the director's, until the end; -1 */
};

struct ttys {
	TtyInfoEntry **infos;
	size_t nr;
	TtyDataEntry **data;
	size_t nr_data;
	struct pty *ptys;
	size_t nr_ptys;
	int own;		  /* a descriptor of the terminal of cr-restore; -1: none */
	const TtyInfoEntry *used; /* the last one that it replaced */
	unsigned int patience_ms; /* for numbers of terminals that are still taken */
};

static inline struct ttys *ttys_of(struct restore_ctx *ctx)
{
	return ctx->files->kind[RESTORE_KIND_tty];
}

const TtyInfoEntry *tty_find(struct restore_ctx *ctx, uint32_t id);
/* The pseudo-terminal that an entry is an end of; NULL: it is none of the tree's. */
struct pty *tty_pty_of(struct restore_ctx *ctx, const TtyInfoEntry *info);
/* The file behind an open file of this terminal; NULL: not known. */
const struct ofile *tty_file(struct restore_ctx *ctx, const TtyInfoEntry *info);
/* The name of an open file of this terminal, or of any of its kind; NULL: not known. */
const char *tty_name(struct restore_ctx *ctx, const TtyInfoEntry *info);
/* The director's descriptor of a terminal from outside that takes the place of this one; -1: none. */
int tty_from_outside(struct restore_ctx *ctx, const TtyInfoEntry *info);
/* A session that the tree has brought along, with its leader alive; NULL: none. */
struct rtask *tty_leader(struct restore_ctx *ctx, uint32_t sid);
void tty_set_termios(int fd, const TermiosEntry *r);

/* --- tty_pair.c --------------------------------------------------------------------------------------------- */

void pty_collect(struct restore_ctx *ctx);
void pty_check(struct restore_ctx *ctx, struct pty *p);
/* Makes it at the first call. */
int pty_make(struct restore_ctx *ctx, struct pty *p, struct err *e);
int pty_open_slave(struct restore_ctx *ctx, const struct pty *p, const FileEntry *f, int *fd_ret, struct err *e);
/* The director lets go of its ends. */
int pty_end(struct pty *p, struct err *e);

/* --- tty_session.c ------------------------------------------------------------------------------------------ */

/* A task has founded its session, or is born as its leader: it gets the controlling terminal, before it has children there. */
int tty_lead(struct restore_ctx *ctx, struct rtask *t, struct err *e);
/* Foreground groups, and tasks without the terminal of their session: when all groups exist. */
int tty_settle_sessions(struct restore_ctx *ctx, struct err *e);
/* A file that was opened as /dev/tty, of which the director has a descriptor since the session got its terminal. */
int tty_open_dev_tty(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e);

#endif
