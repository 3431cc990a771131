// SPDX-License-Identifier: GPL-2.0-only
/* G-33: what runs in the tree spoils the vector registers, which are put back: SSE. */
#define CRTEST_FAULT 134
#include "test/cpu-sse.c"
