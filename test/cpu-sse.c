// SPDX-License-Identifier: GPL-2.0-only
/* SSE registers. */
#define BYTES 48
#define LOAD  "movaps (%%r14), %%xmm1\n	movapd 16(%%r14), %%xmm2\n	movdqa 32(%%r14), %%xmm15\n"
#define STORE "movaps %%xmm1, (%%r13)\n	movapd %%xmm2, 16(%%r13)\n	movdqa %%xmm15, 32(%%r13)\n"

static void require(void)
{
}

#include "test/crtest-vector.inc"

CRTEST(.about = "SSE registers", .ids = "CPU-5", .arrange = arrange, .verify = verify)
