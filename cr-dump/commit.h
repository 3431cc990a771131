/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes the images of a dump valid all at once. */
#ifndef CRKIT_COMMIT_H
#define CRKIT_COMMIT_H

#include "cr-dump/dump.h"

/* Before the first image is written: whatever is in the directory is no checkpoint any more. */
int commit_begin(struct dump_ctx *ctx, struct err *e);

/* All images are written: syncs them, writes the statistics and, last, the inventory. */
int commit_finish(struct dump_ctx *ctx, struct err *e);

/* After a failure: removes all images. */
void commit_undo(struct dump_ctx *ctx);

#endif
