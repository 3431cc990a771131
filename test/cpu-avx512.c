// SPDX-License-Identifier: GPL-2.0-only
/* AVX-512 registers: upper halves, the upper sixteen, and masks. */
#define BYTES 200
#define LOAD                                                                                   \
	"vmovups (%%r14), %%zmm0\n	vmovups 64(%%r14), %%zmm17\n	vmovups 128(%%r14), %%zmm31\n" \
	"kmovq 192(%%r14), %%k3\n"
#define STORE                                                                                  \
	"vmovups %%zmm0, (%%r13)\n	vmovups %%zmm17, 64(%%r13)\n	vmovups %%zmm31, 128(%%r13)\n" \
	"kmovq %%k3, 192(%%r13)\n	vzeroupper\n"

static void require(void);

#include "test/crtest-vector.inc"

static void require(void)
{
	uint32_t a, b, c, d;

	if (!cpu_saves(XCR0_ZMM_HI) || !cpu_saves(XCR0_OPMASK))
		skip("this CPU has no AVX-512");
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX512BW))
		skip("this CPU has no AVX-512BW");
}

CRTEST(.about = "AVX-512 registers and masks", .ids = "CPU-2", .arrange = arrange, .verify = verify)
