/* SPDX-License-Identifier: GPL-2.0-only */
/* Making a task whose first instruction is the runner's. */
#ifndef CRKIT_NEWBORN_H
#define CRKIT_NEWBORN_H

#include <stddef.h>
#include <stdint.h>

/* clone3(2) with a child that calls entry(arg) on the stack given in args. Returns the pid or -errno. In arch/<cpu>/newborn.S. */
long clone_newborn(void *args, size_t size, uint64_t entry, uint64_t arg);

#endif
