// SPDX-License-Identifier: GPL-2.0-only
/* G-32: the code in the tree cannot be reached. */
#define CRTEST_FAULT 5
#include "test/task-child-pipes.c"
