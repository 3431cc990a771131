// SPDX-License-Identifier: GPL-2.0-only
/* As thread-dispatch, when a dump is refused for another reason: it had been switched off, and is on again. */
#define REFUSED
#include "test/thread-dispatch.c"
