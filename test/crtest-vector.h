/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The body of a test of vector registers: a thread and a child load registers from r14 (LOAD), sleep in the kernel, and
 * store them to r13 (STORE). The test defines LOAD, STORE, BYTES (of register data) and `static void require(void)`.
 */
#include "test/crtest-cpu.h"

static uint32_t *cell;
static struct task *tasks[2];

static void keep_vectors(void *arg)
{
	static _Thread_local uint8_t in[BYTES] __attribute__((aligned(64))), out[BYTES] __attribute__((aligned(64)));
	register void *r13 __asm__("r13") = out;
	register void *r14 __asm__("r14") = in;
	register void *r15 __asm__("r15") = cell;

	fill_random(in, sizeof(in), (long)arg);
	/* The compiler keeps nothing in vector registers across a statement that touches memory only. */
	__asm__ volatile(LOAD ASM_SLEEP("(%%r15)") STORE
			 : "+r"(r13), "+r"(r14), "+r"(r15)
			 :
			 : ASM_SLEEP_CLOBBERS, "xmm0", "xmm1", "xmm2", "xmm7", "xmm15");
	check_mem(out, in, sizeof(in));
}

static void arrange(void)
{
	require();
	cell = shared_alloc(4);
	tasks[0] = task_thread(NULL, keep_vectors, (void *)1);
	tasks[1] = task_child(NULL, keep_vectors, (void *)2);
	for (int i = 0; i < 2; i++) {
		task_wake(tasks[i]);
		task_wait_asleep(task_pid(tasks[i]));
	}
	usleep(10000);
}

static void verify(void)
{
	cell_set(cell, 1);
	for (int i = 0; i < 2; i++)
		task_join(tasks[i]);
}
