// SPDX-License-Identifier: GPL-2.0-only
/* As restart-timed, with a signal handled before the restored task comes to its system call. */
#define HANDLER 1
#include "test/restart-timed.c"
