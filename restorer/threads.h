/* SPDX-License-Identifier: GPL-2.0-only */
/* Creates all threads of a task but the leader. */
#ifndef CRKIT_THREADS_H
#define CRKIT_THREADS_H

#include "cr-restore/restore.h"

int threads_create(struct restore_ctx *ctx, struct rtask *t, struct err *e);

#endif
