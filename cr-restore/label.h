/* SPDX-License-Identifier: GPL-2.0-only */
/* Labels of security modules: what other files ask label.c. */
#ifndef CRKIT_RESTORE_LABEL_H
#define CRKIT_RESTORE_LABEL_H

#include "cr-restore/restore.h"

/* What --lsm-profile says behind the name of the module; NULL: nothing. */
const char *label_given(const struct opts *o);
/* Does the policy know the label that a file had? It is a problem if not. */
void label_check_file(struct restore_ctx *ctx, uint32_t id, const char *label);
/*
 * Before a task gets more threads: the kernel lets only a process without any change its label of SELinux; they inherit it. One without
 * gets it at the very end.
 */
int label_early(struct restore_ctx *ctx, struct rtask *t, struct err *e);

/* Is the namespace of this profile of AppArmor in the images, and not here? Then apparmor_make(), once all is planned, makes it. */
bool apparmor_brings(struct restore_ctx *ctx, const char *profile);
int apparmor_make(struct restore_ctx *ctx, struct err *e);

#endif
