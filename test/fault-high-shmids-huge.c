// SPDX-License-Identifier: GPL-2.0-only
/* G-33: numbers of shared memory begin with 0xffffffff, huge pages. */
#define CRTEST_FAULT 132
#include "test/mem-hugetlb.c"
