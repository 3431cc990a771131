/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads all images and finds every problem that can be known before a process exists. */
#ifndef CRKIT_PLAN_H
#define CRKIT_PLAN_H

#include "cr-restore/restore.h"

int plan_restore(struct restore_ctx *ctx, struct err *e);

#endif
