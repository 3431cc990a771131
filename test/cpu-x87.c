// SPDX-License-Identifier: GPL-2.0-only
/* Intermediate values on the x87 register stack, its control word, and the tag word, of main, thread and child. */
#include "test/crtest-cpu.h"

static uint32_t *cell;
static struct task *tasks[2];

static void compute(void *arg)
{
	double three = 3, seven = 7, result;
	uint16_t control = 0x0e7f, after = 0; /* round towards zero, double precision */

	__asm__ volatile(
		"fninit\n	fldcw %3\n	fldpi\n	fldl %4\n	fldl %5\n	fld1\n	mov %2, %%r15\n" ASM_SLEEP_R15
		"faddp\n	fmulp\n	fdivrp\n	fstpl %0\n	fnstcw %1\n	fninit\n"
		: "=m"(result), "=m"(after)
		: "m"(cell), "m"(control), "m"(three), "m"(seven)
		: ASM_SLEEP_CLOBBERS, "r15");
	check(result > 0.1308996938 && result < 0.1308996940); /* pi / (3 * (7 + 1)) */
	check_eq(after, control);
}

static void arrange(void)
{
	cell = shared_alloc(4);
	tasks[0] = task_thread(NULL, compute, NULL);
	tasks[1] = task_child(NULL, compute, NULL);
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

CRTEST(.about = "x87 register stack", .ids = "CPU-1", .arrange = arrange, .verify = verify)
