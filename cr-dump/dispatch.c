// SPDX-License-Identifier: GPL-2.0-only
/*
 * Syscall user dispatch (PR_SET_SYSCALL_USER_DISPATCH): threads that get SIGSYS instead of a system call, depending on a byte of their memory.
 * It is switched off while the runner makes calls, and back on when the thread is let go. Kernels before 6.4 tell nobody about it.
 */
#include <errno.h>
#include <sys/ptrace.h>

#include "base/kernel.h"
#include "cr-dump/task.h"

static int look_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct err *e)
{
	struct kernel_syscall_dispatch d = { 0 }, off = { 0 };
	SyscallDispatchEntry *s;

	if (ptrace(KERNEL_PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, th->tr.tid, sizeof(d), &d) || !d.mode)
		return 0;
	s = POOL_MSG(&ctx->pool, SyscallDispatchEntry, syscall_dispatch_entry);
	s->mode = d.mode;
	s->selector = d.selector;
	s->offset = d.offset;
	s->len = d.len;
	if (ptrace(KERNEL_PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG, th->tr.tid, sizeof(off), &off))
		return err_set(e, errno, "cannot switch off the syscall user dispatch of thread %d", th->tr.tid);
	core_of(ctx, t, th)->thread_core->syscall_dispatch = s;
	return 0;
}

int dispatch_give_back(const struct thread *th, struct err *e)
{
	const SyscallDispatchEntry *s = th->core ? th->core->thread_core->syscall_dispatch : NULL;
	struct kernel_syscall_dispatch d;

	if (!s)
		return 0;
	d = (struct kernel_syscall_dispatch){ s->mode, s->selector, s->offset, s->len };
	if (ptrace(KERNEL_PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG, th->tr.tid, sizeof(d), &d))
		return err_set(e, errno, "cannot switch the syscall user dispatch of thread %d on again", th->tr.tid);
	return 0;
}

static int dispatch_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (look_thread(ctx, t, &t->threads[i], e))
			return -1;
	return 0;
}

const struct dump_part dump_dispatch = {
	.name = "syscall user dispatch",
	.look = dispatch_look,
};
