// SPDX-License-Identifier: GPL-2.0-only
/* G-33: which pages there are is asked without PAGEMAP_SCAN: guard pages. */
#define CRTEST_FAULT 135
#include "test/mem-guard.c"
