// SPDX-License-Identifier: GPL-2.0-only
/* The CPUID instruction of a child traps (ARCH_SET_CPUID); not that of its parent. */
#include <asm/prctl.h>

#include "test/crtest.h"

static struct task *child;

static long arch(int code, long arg)
{
	return syscall(SYS_arch_prctl, code, arg);
}

static void forbid_cpuid(void *arg)
{
	if (arch(ARCH_SET_CPUID, 0))
		skip("this CPU has no faults for CPUID: %s", strerror(errno));
}

static void is_forbidden(void *arg)
{
	check_eq(arch(ARCH_GET_CPUID, 0), 0);
}

static void arrange(void)
{
	child = task_child(forbid_cpuid, is_forbidden, NULL);
}

static void verify(void)
{
	check_eq(arch(ARCH_GET_CPUID, 0), 1);
	task_join(child);
}

CRTEST(.about = "CPUID that traps", .arrange = arrange, .verify = verify)
