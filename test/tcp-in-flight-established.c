// SPDX-License-Identifier: GPL-2.0-only
/* With --tcp-established, too. */
#define OPTS "--tcp-established --skip-in-flight"
#include "tcp-in-flight.c"
