// SPDX-License-Identifier: GPL-2.0-only
/* A thread that has no access to any memory but what has its own protection key, asleep on a futex there. */
#include <sys/rseq.h>

#include "test/crtest-cpu.h"

#define RSEQ_SIZE 32 /* as the C library registers it */

static struct task *thread;
static uint32_t *cell;
static int key;

/* The kernel writes to the area of restartable sequences, which would be denied, too. */
static void leave_rseq(void)
{
	if (__rseq_size)
		must(syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, RSEQ_SIZE,
			     RSEQ_FLAG_UNREGISTER, RSEQ_SIG));
}

static void sleep_closed(void *arg)
{
	uint32_t closed = 0x55555555 & ~(3u << 2 * key), rights;

	leave_rseq();
	__asm__ volatile(
		"mov %2, %%r15\n	mov %1, %%eax\n	xor %%ecx, %%ecx\n	xor %%edx, %%edx\n	wrpkru\n	movl $1, 4(%%r15)\n" ASM_SLEEP_R15
		"xor %%ecx, %%ecx\n	rdpkru\n	mov %%eax, %%r14d\n"
		"xor %%eax, %%eax\n	xor %%edx, %%edx\n	wrpkru\n	mov %%r14d, %0\n"
		: "=m"(rights)
		: "m"(closed), "m"(cell)
		: ASM_SLEEP_CLOBBERS, "r14", "r15");
	check_eq(rights, closed);
}

static void arrange(void)
{
	if (!cpu_saves(XCR0_PKRU))
		skip("this CPU has no protection keys");
	key = must(pkey_alloc(0, 0));
	cell = map_anon(PAGE, PROT_READ | PROT_WRITE, 0);
	*cell = 0;
	must(pkey_mprotect(cell, PAGE, PROT_READ | PROT_WRITE, key));
	thread = task_thread(NULL, sleep_closed, NULL);
	task_wake(thread);
	while (!__atomic_load_n(cell + 1, __ATOMIC_SEQ_CST))
		usleep(1000);
	task_wait_asleep(task_pid(thread));
}

static void verify(void)
{
	cell_set(cell, 1);
	task_join(thread);
}

CRTEST(.about = "a thread without access to most memory", .arrange = arrange, .verify = verify)
