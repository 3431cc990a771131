// SPDX-License-Identifier: GPL-2.0-only
/* G-33: reads of pages images give half of what was asked for, where memory is shared after a fork. */
#define CRTEST_FAULT 131
#include "test/mem-cow.c"
