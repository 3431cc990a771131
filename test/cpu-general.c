// SPDX-License-Identifier: GPL-2.0-only
/* General registers and flags of a task that spins and of one that sleeps in a system call. */
#include "test/crtest-cpu.h"

static uint32_t *cell;
static struct task *tasks[4];

/* A pattern in every register but rsp; what they hold afterwards goes to `out`. rax carries the cell's address in. */
static void spin(void *arg)
{
	static uint64_t out[16];
	void *a = cell, *d = out;

	__asm__ volatile(
		"push %%rbp\n	push %%rdx\n"
		"mov $0x1101, %%rbx\n	mov $0x1102, %%rcx\n	mov $0x1103, %%rdx\n	mov $0x1104, %%rsi\n"
		"mov $0x1105, %%rdi\n	mov $0x1106, %%rbp\n	mov $0x1108, %%r8\n	mov $0x1109, %%r9\n"
		"mov $0x110a, %%r10\n	mov $0x110b, %%r11\n	mov $0x110c, %%r12\n	mov $0x110d, %%r13\n"
		"mov $0x110e, %%r14\n	mov $0x110f, %%r15\n"
		"movl $1, 4(%%rax)\n	std\n" /* the direction flag, set while it spins */
		ASM_SPIN_RAX "pushfq\n		cld\n	pop %%rax\n	xchg %%rax, (%%rsp)\n"
		"mov %%rbx, 8(%%rax)\n	mov %%rcx, 16(%%rax)\n	mov %%rdx, 24(%%rax)\n	mov %%rsi, 32(%%rax)\n"
		"mov %%rdi, 40(%%rax)\n mov %%rbp, 48(%%rax)\n	mov %%r8, 64(%%rax)\n	mov %%r9, 72(%%rax)\n"
		"mov %%r10, 80(%%rax)\n mov %%r11, 88(%%rax)\n	mov %%r12, 96(%%rax)\n	mov %%r13, 104(%%rax)\n"
		"mov %%r14, 112(%%rax)\n mov %%r15, 120(%%rax)\n pop %%rbx\n mov %%rbx, (%%rax)\n pop %%rbp\n"
		: "+a"(a), "+d"(d)
		:
		: "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
	for (int i = 1; i < 16; i++)
		if (i != 7)
			check_eq(out[i], 0x1100 + i);
	check_eq(out[0] & 0x400, 0x400);
}

/* A system call keeps all registers but rax, rcx and r11. */
static void sleep_in_futex(void *arg)
{
	uint64_t r[6];

	__asm__ volatile(
		"mov $0x2201, %%rbx\n	mov $0x2208, %%r8\n	mov $0x2209, %%r9\n	mov $0x220c, %%r12\n"
		"mov $0x220d, %%r13\n	mov $0x220e, %%r14\n"
		"mov %6, %%r15\n" ASM_SLEEP_R15
		"mov %%rbx, %0\n	mov %%r8, %1\n	mov %%r9, %2\n	mov %%r12, %3\n	mov %%r13, %4\n	mov %%r14, %5\n"
		: "=m"(r[0]), "=m"(r[1]), "=m"(r[2]), "=m"(r[3]), "=m"(r[4]), "=m"(r[5])
		: "m"(cell)
		: ASM_SLEEP_CLOBBERS, "rbx", "r8", "r9", "r12", "r13", "r14", "r15");
	check_eq(r[0], 0x2201);
	check_eq(r[1], 0x2208);
	check_eq(r[2], 0x2209);
	check_eq(r[3], 0x220c);
	check_eq(r[4], 0x220d);
	check_eq(r[5], 0x220e);
}

static void arrange(void)
{
	cell = shared_alloc(8);
	for (int i = 0; i < 4; i++) {
		void (*fn)(void *) = i < 2 ? spin : sleep_in_futex;

		tasks[i] = i % 2 ? task_thread(NULL, fn, NULL) : task_child(NULL, fn, NULL);
		task_wake(tasks[i]);
	}
	while (!__atomic_load_n(cell + 1, __ATOMIC_SEQ_CST))
		usleep(1000);
	usleep(20000);
}

static void verify(void)
{
	cell_set(cell, 1);
	for (int i = 0; i < 4; i++)
		task_join(tasks[i]);
}

CRTEST(.about = "general registers and flags, spinning and asleep", .ids = "PT-5", .arrange = arrange, .verify = verify)
