// SPDX-License-Identifier: GPL-2.0-only
/* The same while it is mapped, privately by a read-only descriptor and shared by the one that can write. */
#define MAPPED 1
#include "test/mem-memfd-exec.c"
