// SPDX-License-Identifier: GPL-2.0-only
/* G-32: the root is killed during the restore, deleted files are mapped. */
#define CRTEST_FAULT 2
#include "test/file-ghost-mapped.c"
