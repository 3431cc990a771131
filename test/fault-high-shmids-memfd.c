// SPDX-License-Identifier: GPL-2.0-only
/* G-33: numbers of shared memory begin with 0xffffffff, memfds. */
#define CRTEST_FAULT 132
#include "test/mem-memfd-two-tasks.c"
