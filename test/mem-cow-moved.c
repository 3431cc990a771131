// SPDX-License-Identifier: GPL-2.0-only
/* As mem-cow, with an area that the child has moved. */
#define AREAS 4
#include "test/mem-cow.c"
