// SPDX-License-Identifier: GPL-2.0-only
/* The same when the holes are found by FIEMAP, where the filesystem has that. */
#define OPTIONS "--ghost-limit 8M --ghost-fiemap"
#include "test/file-ghost-holes.c"
