// SPDX-License-Identifier: GPL-2.0-only
/* AVX registers, all 32 bytes. */
#define BYTES 96
#define LOAD  "vmovaps (%%r14), %%ymm0\n	vmovups 32(%%r14), %%ymm7\n	vmovups 64(%%r14), %%ymm15\n"
#define STORE \
	"vmovaps %%ymm0, (%%r13)\n	vmovups %%ymm7, 32(%%r13)\n	vmovups %%ymm15, 64(%%r13)\n	vzeroupper\n"

static void require(void);

#include "test/crtest-vector.inc"

static void require(void)
{
	if (!cpu_saves(XCR0_AVX))
		skip("this CPU has no AVX");
}

CRTEST(.about = "AVX registers", .ids = "CPU-2", .arrange = arrange, .verify = verify)
