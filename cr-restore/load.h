/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads inventory, pstree, core, ids and mm images into ctx->tasks. */
#ifndef CRKIT_LOAD_H
#define CRKIT_LOAD_H

#include "cr-restore/restore.h"

int load_tree(struct restore_ctx *ctx, struct err *e);
void load_free(struct restore_ctx *ctx);

#endif
