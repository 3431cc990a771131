/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers that hold something while the task sleeps in the kernel, or while it spins: no C code may run in between.
 * Both end when a 32-bit word is no longer 0.
 */
#ifndef CRTEST_CPU_H
#define CRTEST_CPU_H

#include <cpuid.h>

#include "test/crtest.h"

/* In the futex that r15 points to. Uses rax, rcx, rdx, rsi, rdi, r10, r11. */
#define ASM_SLEEP_R15                                              \
	"71:	mov %%r15, %%rdi\n	cmpl $0, (%%rdi)\n	jne 72f\n"      \
	"	mov $202, %%eax\n	xor %%esi, %%esi\n	xor %%edx, %%edx\n" \
	"	xor %%r10d, %%r10d\n	syscall\n	jmp 71b\n72:\n"
#define ASM_SLEEP_CLOBBERS "rax", "rcx", "rdx", "rsi", "rdi", "r10", "r11", "memory", "cc"

/* Until the word that rax points to is not 0. */
#define ASM_SPIN_RAX "73:	pause\n	cmpl $0, (%%rax)\n	je 73b\n"

/* A bit of XCR0: does the system save this state? */
static inline bool cpu_saves(int bit)
{
	uint32_t a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return false;
	__asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return a & (1u << bit);
}

#define XCR0_AVX    2
#define XCR0_OPMASK 5
#define XCR0_ZMM_HI 7
#define XCR0_PKRU   9

#endif
