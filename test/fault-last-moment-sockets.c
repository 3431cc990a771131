// SPDX-License-Identifier: GPL-2.0-only
/* G-32: the restore fails at the last moment; no socket is left bound. */
#define CRTEST_FAULT 6
#include "test/unix-names.c"
