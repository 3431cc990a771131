// SPDX-License-Identifier: GPL-2.0-only
/* G-32: the root is killed during the restore; no deleted file comes to light (FS-15). */
#define CRTEST_FAULT 2
#include "test/file-ghost.c"
