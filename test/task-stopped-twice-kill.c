// SPDX-License-Identifier: GPL-2.0-only
/* As task-stopped, with a second stop signal pending. */
#define SECOND_STOP 1
#include "test/task-stopped.c"
