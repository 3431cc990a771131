/* SPDX-License-Identifier: LGPL-2.1-only */
/* Bits of vma_entry.status: what a mapping is. VMA_FILE_PRIVATE to VMA_ANON_PRIVATE exclude each other. */
#ifndef CRKIT_LIBIMG_VMA_H
#define CRKIT_LIBIMG_VMA_H

#define VMA_REGULAR	 (1u << 0) /* is restored by mapping it and filling in its pages */
#define VMA_STACK	 (1u << 1)
#define VMA_VSYSCALL	 (1u << 2)
#define VMA_VDSO	 (1u << 3)
#define VMA_HEAP	 (1u << 5)
#define VMA_FILE_PRIVATE (1u << 6)
#define VMA_FILE_SHARED	 (1u << 7)
#define VMA_ANON_SHARED	 (1u << 8)
#define VMA_ANON_PRIVATE (1u << 9)
#define VMA_SYSVIPC	 (1u << 10)
#define VMA_SOCKET	 (1u << 11)
#define VMA_VVAR	 (1u << 12)
#define VMA_AIORING	 (1u << 13)
#define VMA_MEMFD	 (1u << 14)
#define VMA_SHSTK	 (1u << 15)
#define VMA_UPROBES	 (1u << 17)
#define VMA_UNSUPPORTED	 (1u << 31)

/* The kernel's own, which are moved or left, never made by mmap(2). */
#define VMA_KERNEL (VMA_VSYSCALL | VMA_VDSO | VMA_VVAR | VMA_UPROBES)
#define VMA_FILE   (VMA_FILE_PRIVATE | VMA_FILE_SHARED)

#endif
