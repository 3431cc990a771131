/* SPDX-License-Identifier: GPL-2.0-only */
/* What cr-dump needs to know of a CPU. Implemented in arch/<cpu>/; nothing else names a register. */
#ifndef CRKIT_DUMP_CPU_H
#define CRKIT_DUMP_CPU_H

#include "cr-dump/dump.h"

/* Begins the CPU's part of a core image. */
void cpu_core_begin(struct dump_ctx *ctx, CoreEntry *core);

/* As the members of struct dump_part. */
int cpu_look(struct dump_ctx *ctx, struct task *t, struct err *e);
void cpu_ask(struct dump_ctx *ctx, struct task *t, struct prog *p);
void cpu_ask_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct prog *p);
int cpu_save(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e);
int cpu_save_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e);

/* A system call that has returned, but not yet to user space. */
struct cpu_call {
	long raw_nr; /* as the kernel reports it: may be restart_syscall(2) */
	long nr;     /* which one that was at first; -1: cannot be told */
	long result; /* may be -ERESTART* */
	uint64_t arg[6];
};

/* Was the thread stopped on its way out of a system call? */
bool cpu_in_call(const struct thread *th, struct cpu_call *ret);

/* Change the registers that the living thread will have, and the image after it. */
void cpu_set_result(struct thread *th, long result);
void cpu_set_arg(struct thread *th, unsigned int arg, uint64_t value);
uint64_t cpu_ip(const struct thread *th);
void cpu_set_ip(struct thread *th, uint64_t ip);

/* Change those of the image only: the call is made again as `nr`; or it returns `result`. */
void cpu_image_again(struct thread *th, long nr);
void cpu_image_arg(struct thread *th, unsigned int arg, uint64_t value);
void cpu_image_result(struct thread *th, long result);

/* The image of a thread that is about to call exit(2), by the system call instruction at insn; everything else is as in `like`. */
void cpu_image_exit(CoreEntry *core, const CoreEntry *like, uint64_t insn, int status);

#endif
