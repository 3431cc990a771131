/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes a pair of unix sockets whose SO_PEERCRED is right. */
#ifndef CRKIT_RESTORE_UNIX_PAIR_H
#define CRKIT_RESTORE_UNIX_PAIR_H

#include "cr-restore/restore.h"

int unix_pair(struct restore_ctx *ctx, const UnixSkEntry *r, int pair[2], struct err *e);

#endif
