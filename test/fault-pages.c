// SPDX-License-Identifier: GPL-2.0-only
/* G-32: memory cannot be saved. */
#define CRTEST_FAULT 3
#include "test/mem-cow.c"
