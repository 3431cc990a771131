/* SPDX-License-Identifier: GPL-2.0-only */
/* What the confined part leaves to be cleaned up. */
#ifndef CRKIT_DUMP_CONFINED_H
#define CRKIT_DUMP_CONFINED_H

#include "cr-dump/dump.h"

/* Ends the processes that were made to be looked at. */
void confined_end(struct dump_ctx *ctx);

#endif
