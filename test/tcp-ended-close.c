// SPDX-License-Identifier: GPL-2.0-only
/* TCP connections that have ended, with --tcp-close. */
#define OPTS "--tcp-close"
#define IDS  "IN-25"
#include "tcp-ended.c"
