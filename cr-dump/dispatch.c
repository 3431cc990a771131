// SPDX-License-Identifier: GPL-2.0-only
/*
 * Syscall user dispatch (PR_SET_SYSCALL_USER_DISPATCH): threads that get SIGSYS instead of a system call, depending on a byte of their memory.
 * It is switched off while the runner makes calls (tracee_borrow()). Kernels before 6.4 tell nobody about it.
 */
#include <sys/ptrace.h>

#include "base/kernel.h"
#include "cr-dump/task.h"

static void look_thread(struct dump_ctx *ctx, struct task *t, struct thread *th)
{
	struct kernel_syscall_dispatch d = { 0 };
	SyscallDispatchEntry *s;

	if (ptrace(KERNEL_PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, th->tr.tid, sizeof(d), &d) || !d.mode)
		return;
	s = POOL_MSG(&ctx->pool, SyscallDispatchEntry, syscall_dispatch_entry);
	s->mode = d.mode;
	s->selector = d.selector;
	s->offset = d.offset;
	s->len = d.len;
	th->tr.dispatch = d;
	core_of(ctx, t, th)->thread_core->syscall_dispatch = s;
}

static int dispatch_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	for (unsigned int i = 0; i < t->nr_threads; i++)
		look_thread(ctx, t, &t->threads[i]);
	return 0;
}

const struct dump_part dump_dispatch = {
	.name = "syscall user dispatch",
	.look = dispatch_look,
};
