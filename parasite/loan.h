/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads on loan. A thread that runs something for us is itself again only when its tracer has put everything back, and a tracer can be
 * killed. So what has to be put back is noted, before anything is changed, in memory that outlives the tracer; and the thread never
 * comes to a point from which it would run on in code that is not meant for it: without a tracer it waits in a system call (the
 * runner's, or pause(2)), or at an instruction that jumps to itself. Then a guardian, whoever has that memory, gives it back.
 *
 * Not safe are threads under seccomp: their filters are suspended by the tracer only, and judge what the runner does after its death.
 */
#ifndef CRKIT_LOAN_H
#define CRKIT_LOAN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/kernel.h"
#include "parasite/arch/cpu.h"

enum loan_phase { LOAN_NOTHING, LOAN_MAPPING, LOAN_UNMAPPING };

struct loan {
	uint32_t out; /* the thread is not itself; written last, and first when it is again */
	pid_t pid, tid;
	unsigned long options; /* PTRACE_O_* */
	struct cpu_regs regs;
	uint64_t sigmask;
	struct kernel_syscall_dispatch dispatch;
	uint64_t base, size;  /* of our mapping; base 0: none, or the thread has not told yet */
	struct cpu_site site; /* of the thread that makes the mapping, and takes it away */
	uint32_t phase;	      /* enum loan_phase */
};

/*
 * The guardian's work, when the tracer is dead: gives back all threads that are out, and removes our mappings. Threads that have ended
 * meanwhile are no error. Returns how many were given back, or -1 with the first error; all that could be done is done.
 */
int loans_return(struct loan *loans, size_t nr, struct err *e);

#endif
