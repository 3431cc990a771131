// SPDX-License-Identifier: GPL-2.0-only
/* G-32: the root is killed when a file with a link for the restore is to be opened. */
#define CRTEST_FAULT 4
#include "test/file-link-elsewhere.c"
