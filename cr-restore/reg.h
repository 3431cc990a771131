/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are not found by the name that they had: what reg.c, reg_remap.c and ghost.c share. */
#ifndef CRKIT_RESTORE_REG_H
#define CRKIT_RESTORE_REG_H

#include "cr-restore/files.h"
#include "cr-restore/names.h"
#include "ghost-file.pb-c.h"
#include "remap-file-path.pb-c.h"

struct ghost_name {
	const char *path; /* that it had */
	int fd;		  /* O_PATH, opened under it */
};

/* A deleted file. */
struct ghost {
	uint32_t id; /* of its image */
	const GhostFileEntry *entry;
	struct ghost_name *names;
	size_t nr_names;
	bool made;
	const RegFileEntry *tmpfile; /* the open file that O_TMPFILE made it with */
	int tmpfile_fd;
	int writable_fd; /* O_PATH, where its mount is not read-only; -1: as names[0] */
};

/* What is known of a file that is not found by its name. */
struct remap {
	uint32_t id;
	RemapType type;
	uint32_t target;  /* the ghost's id, or the number of a process that had ended */
	const char *link; /* or where it is now */
	int fd;		  /* O_PATH, opened there; -1: not yet */
	const RegFileEntry *reg;
};

struct regs {
	struct remap *remaps; /* by id */
	size_t nr_remaps;
	struct ghost *ghosts;
	size_t nr_ghosts;
};

/* --- reg.c -------------------------------------------------------------------------------------------------- */

/* In *fd_ret: O_PATH, of the file that the entry means, whatever its name is now. The caller's. */
int reg_open_path(struct restore_ctx *ctx, const RegFileEntry *r, int *fd_ret, struct err *e);

/* --- reg_remap.c -------------------------------------------------------------------------------------------- */

int remaps_load(struct restore_ctx *ctx, struct err *e);
/* NULL: it is found by its name. */
struct remap *remap_find(struct restore_ctx *ctx, uint32_t id);
void remap_check(struct restore_ctx *ctx, const struct remap *r);
/* In *fd_ret: O_PATH, of the file. It stays here. *ghost_ret NULL: it is no deleted file. */
int remap_open(struct restore_ctx *ctx, struct remap *r, struct ghost **ghost_ret, int *fd_ret, struct err *e);
/* The tree has all its files. */
int remaps_settle(struct restore_ctx *ctx, struct err *e);

/* --- ghost.c ------------------------------------------------------------------------------------------------ */

/* One more name of a deleted file; the first makes it known. */
int ghost_load(struct restore_ctx *ctx, uint32_t id, const RegFileEntry *r, struct err *e);
int ghost_open(struct restore_ctx *ctx, uint32_t id, const char *name, struct ghost **ret, int *fd_ret, struct err *e);
int ghost_set_times(const struct ghost *g, struct err *e);
void ghost_close(struct ghost *g);

#endif
