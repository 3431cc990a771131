/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The contract between a thinker (cr-dump, cr-restore) and the runner inside a task. Included by both sides, so only
 * fixed-width types. A slot is one thread of execution: a futex word, a stack, and the program it runs. The thinker writes a
 * program and sets state to RUN_GO; the runner executes it, sets RUN_DONE and waits for the next.
 */
#ifndef CRKIT_RUNNER_H
#define CRKIT_RUNNER_H

#include <stdint.h>

enum run_state { RUN_IDLE, RUN_GO, RUN_DONE };

/* Operations that are no system call: negative numbers in run_op.nr. */
enum run_special {
	RUN_CLONE =
		-1, /* clone3(arg0, arg1) with a child that goes on as the runner of slot arg2; its stack is in the clone_args */
	RUN_MERGE =
		-2, /* copy the pages at arg1 over those at arg0, arg2 of them, writing only those that differ; returns how many */
	RUN_COPY = -3,	/* copy arg2 bytes from arg1 to arg0 */
	RUN_SPOIL = -4, /* overwrite all vector registers, of arg0 bytes each: for tests */
};

/* What counts as success of an op. */
enum run_expect {
	RUN_OK,	   /* no error: not in -4095..-1 */
	RUN_EXACT, /* equal to run_op.exact */
	RUN_ANY,
};

/* What a failed op means for the program. */
enum run_failure {
	RUN_STOP,  /* it ends here */
	RUN_GO_ON, /* nothing */
	RUN_EXIT,  /* the whole task ends: for a newborn that must not outlive its maker */
};

struct run_op {
	int32_t nr;	 /* system call number or enum run_special */
	uint8_t expect;	 /* enum run_expect */
	uint8_t failure; /* enum run_failure */
	uint8_t refs;	 /* bit i: arg[i] is an index, the argument is the result of that earlier op */
	uint8_t pad;
	int64_t exact;
	uint64_t arg[6];
	int64_t ret; /* written by the runner */
};
_Static_assert(sizeof(struct run_op) == 72, "layout shared with the blob");

#define RUN_STACK_SIZE 1024

struct run_slot {
	uint32_t state; /* futex, enum run_state */
	uint32_t nr_ops;
	uint64_t ops;	 /* address of the program, in the task */
	uint32_t failed; /* index of the op that ended the program; nr_ops: it ran through */
	uint32_t first;	 /* index of the op to begin with */
	uint64_t bell;	 /* address of a u32 that is incremented and woken after each program; 0: none */
	uint64_t pad2[4];
	uint8_t stack[RUN_STACK_SIZE];
};
_Static_assert(sizeof(struct run_slot) == 64 + RUN_STACK_SIZE, "layout shared with the blob");

#endif
