/* SPDX-License-Identifier: GPL-2.0-only */
/* Putting a changed image in the place of the old one: only where the checkpoint is no worse for it. */
#ifndef CRKIT_CRIT_CHANGE_H
#define CRKIT_CRIT_CHANGE_H

#include "crit/crit.h"
#include "crit/source.h"

struct change {
	const char *image; /* its name in the directory */
	char *path;	   /* the same with the directory */
	const struct img_type *type;
	struct source *source;
	struct part old;
	struct output out; /* the new image is written to out.fd */
};

/* dir must be a directory, image the name of an image with records in it. */
int change_begin(struct change *c, const char *dir, const char *image, struct err *e);

/* Begins the new image again from nothing. */
int change_restart(struct change *c, struct err *e);

/* Is what was written the same as what is there? Returns 1, 0 or -1. */
int change_is_none(struct change *c, struct err *e);

/*
 * Verifies the checkpoint with the new image. What is wrong with it that was not wrong before goes to standard error and is an error,
 * unless `force`.
 */
int change_verify(struct change *c, bool force, struct err *e);

/* Puts the new image in place. */
int change_commit(struct change *c, struct err *e);

void change_end(struct change *c);
#define _cleanup_change_ __attribute__((cleanup(change_end)))

#endif
