/* SPDX-License-Identifier: GPL-2.0-only */
/* What other parts ask the part of security labels. */
#ifndef CRKIT_DUMP_LABEL_H
#define CRKIT_DUMP_LABEL_H

#include "cr-dump/dump.h"

/* Has the thread another label than we? Then what we may do says nothing about it. */
bool label_is_other(struct dump_ctx *ctx, const struct thread *th);

/* AppArmor's policy namespaces: that of a label, if it has any; all that were noted are read, and written. */
void apparmor_note(struct dump_ctx *ctx, const char *label);
int apparmor_looked(struct dump_ctx *ctx, struct err *e);
int apparmor_write(struct dump_ctx *ctx, struct err *e);

#endif
