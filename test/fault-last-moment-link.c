// SPDX-License-Identifier: GPL-2.0-only
/* FS-17: the restore fails at the last moment; the next one still finds files by their links. */
#define CRTEST_FAULT 6
#include "test/file-link-elsewhere.c"
