// SPDX-License-Identifier: GPL-2.0-only
/* MMX registers. */
#define BYTES 24
#define LOAD  "movq (%%r14), %%mm0\n	movq 8(%%r14), %%mm5\n	movq 16(%%r14), %%mm7\n"
#define STORE "movq %%mm0, (%%r13)\n	movq %%mm5, 8(%%r13)\n	movq %%mm7, 16(%%r13)\n	emms\n"

static void require(void)
{
}

#include "test/crtest-vector.inc"

CRTEST(.about = "MMX registers", .ids = "CPU-4", .arrange = arrange, .verify = verify)
