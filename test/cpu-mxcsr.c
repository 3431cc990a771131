// SPDX-License-Identifier: GPL-2.0-only
/* MXCSR (rounding, flush to zero, sticky flags) of main and of a second thread. */
#include "test/crtest-cpu.h"

static struct task *thread;

static void set_mxcsr(void *arg)
{
	uint32_t v = (uint32_t)(long)arg;

	__asm__ volatile("ldmxcsr %0" : : "m"(v));
}

static void same(void *arg)
{
	uint32_t v = 0, usual = 0x1f80;

	__asm__ volatile("stmxcsr %0" : "=m"(v));
	__asm__ volatile("ldmxcsr %0" : : "m"(usual));
	check_eq(v, (uint32_t)(long)arg);
}

static void arrange(void)
{
	thread = task_thread(set_mxcsr, same, (void *)0x5f84l);
	set_mxcsr((void *)0xbf81l);
}

static void verify(void)
{
	same((void *)0xbf81l);
	task_join(thread);
}

CRTEST(.about = "MXCSR", .ids = "CPU-3", .arrange = arrange, .verify = verify)
