// SPDX-License-Identifier: GPL-2.0-only
/* G-32: the restore fails at the last moment; no deleted file comes to light. */
#define CRTEST_FAULT 6
#include "test/file-ghost.c"
