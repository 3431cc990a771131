// SPDX-License-Identifier: GPL-2.0-only
/* G-33: reads of pages images give half of what was asked for. */
#define CRTEST_FAULT 131
#include "test/mem-many-areas.c"
