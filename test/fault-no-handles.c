// SPDX-License-Identifier: GPL-2.0-only
/* G-33, EV-9: watched files are not found by their handles. */
#define CRTEST_FAULT 128
#include "test/inotify-irmap.c"
