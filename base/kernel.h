/* SPDX-License-Identifier: LGPL-2.1-only */
/* Kernel interfaces that are newer than the headers we build with, under names of our own. */
#ifndef CRKIT_KERNEL_H
#define CRKIT_KERNEL_H

#include <linux/ioctl.h>
#include <stdint.h>

/* Linux 6.7: which pages of an address space are there. On /proc/PID/pagemap. */
struct kernel_page_region {
	uint64_t start, end, categories;
};

struct kernel_pm_scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define KERNEL_PAGEMAP_SCAN _IOWR('f', 16, struct kernel_pm_scan_arg)
#define KERNEL_PAGE_FILE    (1ULL << 2)
#define KERNEL_PAGE_PRESENT (1ULL << 3)
#define KERNEL_PAGE_SWAPPED (1ULL << 4)
#define KERNEL_PAGE_PFNZERO (1ULL << 5)
#define KERNEL_PAGE_GUARD   (1ULL << 8) /* Linux 6.15 */

/* Linux 5.13, with CONFIG_CHECKPOINT_RESTORE. */
#define KERNEL_PTRACE_GET_RSEQ 0x420f
struct kernel_ptrace_rseq {
	uint64_t pointer;
	uint32_t size, signature, flags, pad;
};

/* Linux 6.9: pidfd_open(2) of a thread. The same bit as O_EXCL. */
#define KERNEL_PIDFD_THREAD 0200

/* Linux 6.4. */
#define KERNEL_PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG 0x4210
#define KERNEL_PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG 0x4211
struct kernel_syscall_dispatch {
	uint64_t mode, selector, offset, len;
};

/* Linux 6.4: prctl(2). */
#define KERNEL_PR_GET_AUXV 0x41555856

/* Linux 4.12, x86: arch_prctl(2). */
#define KERNEL_ARCH_GET_CPUID 0x1011
#define KERNEL_ARCH_SET_CPUID 0x1012

/* prctl(2). Linux 6.3 and 6.4. */
#define KERNEL_PR_SET_MDWE	   65
#define KERNEL_PR_GET_MDWE	   66
#define KERNEL_PR_SET_MEMORY_MERGE 67
#define KERNEL_PR_GET_MEMORY_MERGE 68

/* Linux 6.10. */
#define KERNEL_SYS_MSEAL 462

/* Linux 6.3. */
#define KERNEL_MEMBARRIER_GET_REGISTRATIONS (1 << 9)

/* Linux 6.13: madvise(2). */
#define KERNEL_MADV_GUARD_INSTALL 102

/* Linux 6.11. */
#define KERNEL_MAP_DROPPABLE 0x08

/* Results of system calls that user space never sees, but a tracer does. */
#define KERNEL_ERESTARTSYS	     512
#define KERNEL_ERESTARTNOINTR	     513
#define KERNEL_ERESTARTNOHAND	     514
#define KERNEL_ERESTART_RESTARTBLOCK 516

/* struct sched_attr: of linux/sched/types.h, which glibc's sched.h does not go with. */
struct kernel_sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};
#define KERNEL_SCHED_FLAG_RESET_ON_FORK 1
#define KERNEL_IOPRIO_WHO_PROCESS	1
#define KERNEL_CPU_MASK_SIZE		1024 /* bytes, for as many CPUs as any kernel has */

#endif
