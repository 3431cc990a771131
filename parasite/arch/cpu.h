/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the infection library needs to know of a CPU. Implemented in arch/<cpu>/cpu.c; nothing else names a register. */
#ifndef CRKIT_PARASITE_CPU_H
#define CRKIT_PARASITE_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "base/err.h"

/* The general registers of a thread as ptrace gives them. */
struct cpu_regs {
	struct user_regs_struct gp;
};

/* Read and write the registers of a thread in a ptrace-stop. */
int cpu_get_regs(pid_t tid, struct cpu_regs *ret, struct err *e);
int cpu_set_regs(pid_t tid, const struct cpu_regs *regs, struct err *e);

/* Extended state (XSAVE image on x86) into buf; *len in: room, out: bytes. */
int cpu_get_xstate(pid_t tid, void *buf, size_t *len, struct err *e);
int cpu_set_xstate(pid_t tid, const void *buf, size_t len, struct err *e);

#define CPU_XSTATE_MAX (16 * 1024)

/* Bytes of a vector register. */
uint64_t cpu_vector_size(void);

/*
 * Protection keys, in the thread's extended state as it was read: may it read and write what has no key? cpu_all_rights: from now on it may
 * touch everything.
 */
bool cpu_lacks_rights(const void *xstate, size_t len);
int cpu_all_rights(pid_t tid, const void *xstate, size_t len, struct err *e);

/* Where a thread can make system calls for us, in code that it has. */
struct cpu_site {
	uint64_t insn;	   /* a system call instruction */
	uint64_t park;	   /* one that can be made to jump to itself for ever; 0: there is none, or no need of it */
	uint8_t park_code; /* its first byte */
};

/* Changes regs so that the thread executes the system call instruction at insn. No restart of an interrupted call follows. */
void cpu_prepare_syscall(struct cpu_regs *regs, uint64_t insn, long nr, const uint64_t arg[6]);
int64_t cpu_syscall_result(const struct cpu_regs *regs);

/*
 * The same for a thread whose tracer may be killed at any moment: it is to execute a system call that only waits, pause(2). When it has
 * entered it, the call is exchanged for the one that is meant, after which the thread comes to the park.
 */
void cpu_prepare_wait(struct cpu_regs *regs, const struct cpu_site *site);
void cpu_exchange_call(struct cpu_regs *regs, const struct cpu_site *site, long nr, const uint64_t arg[6]);

/* Is that where it is? */
bool cpu_waits(const struct cpu_regs *regs, const struct cpu_site *site);
bool cpu_is_parked(const struct cpu_regs *regs, const struct cpu_site *site);
uint64_t cpu_pc(const struct cpu_regs *regs);

/* Changes regs so that the thread begins at `entry` as a function of one argument, on `stack`. */
void cpu_prepare_call(struct cpu_regs *regs, uint64_t entry, uint64_t stack, uint64_t arg);

/* The system call that the stopped thread, as its registers are now, will make anew after an interruption; -1: none. */
long cpu_at_syscall(pid_t tid);

/* Offset of the first system call instruction in code, or -1. */
long cpu_find_syscall(const void *code, size_t len);
#define CPU_SYSCALL_INSN_SIZE 2

/* Offset of the first instruction in code that can serve as a park, or -1. */
long cpu_find_park(const void *code, size_t len);
#define CPU_PARK_SIZE 2

/* Code that jumps to an address from anywhere, and changes no register that a function gets or keeps. */
#define CPU_JUMP_SIZE 12
void cpu_make_jump(uint8_t code[CPU_JUMP_SIZE], uint64_t to);

#endif
