// SPDX-License-Identifier: GPL-2.0-only
/* Restartable sequences of the director itself: see rseq.h. */
#include <sys/rseq.h>
#include <sys/syscall.h>

#include "cr-restore/rseq.h"

#define RSEQ_MIN_SIZE 32 /* what the C library registers however large its own area is */

void rseq_unregister(struct prog *p)
{
	if (!__rseq_size)
		return; /* switched off by GLIBC_TUNABLES, or by the kernel */
	PROG(p, SYS_rseq, (uint64_t)__builtin_thread_pointer() + __rseq_offset, RSEQ_MIN_SIZE, RSEQ_FLAG_UNREGISTER,
	     RSEQ_SIG);
}
