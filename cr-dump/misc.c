// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is a number or two each: name, personality, subreaper, login uid, membarrier registrations, the filter for core dumps, the nice value of
 * the session; of threads the robust list, the parent death signal and the restartable sequences area.
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "base/kernel.h"
#include "cr-dump/ahead.h"
#include "cr-dump/arch/cpu.h"
#include "cr-dump/task.h"

#define COMM_SIZE      16
#define NO_LOGINUID    UINT32_MAX
#define NO_PERSONALITY 0xffffffff /* personality(2): only ask */

/* See linux/rseq.h: where the registered area points to the sequence that its thread is in. */
#define RSEQ_SECTION_OFFSET 8

struct rseq_section {
	uint32_t version, flags;
	uint64_t start_ip, post_commit_offset, abort_ip;
};

/*
 * A thread stopped within a restartable sequence would be sent to the abort handler by the kernel before it runs on. But once it
 * has run our program, outside of the sequence, the kernel has forgotten: so we do it, for the living thread and the image.
 */
static void abort_sequence(struct thread *th, uint64_t area)
{
	struct rseq_section s;
	uint64_t at;

	if (!peek(th->tr.tid, area + RSEQ_SECTION_OFFSET, &at, sizeof(at)) || !at ||
	    !peek(th->tr.tid, at, &s, sizeof(s)))
		return;
	if (cpu_ip(th) - s.start_ip >= s.post_commit_offset)
		return;
	log_debug("thread %d: its restartable sequence at %#lx is aborted", th->tr.tid, s.start_ip);
	cpu_set_ip(th, s.abort_ip);
}

static void look_rseq(struct dump_ctx *ctx, struct thread *th)
{
	struct kernel_ptrace_rseq c;
	RseqEntry *r;

	/* A kernel without this request could not tell; glibc registers an area on kernels since 4.18, the request is of 5.13. */
	if (ptrace(KERNEL_PTRACE_GET_RSEQ, th->tr.tid, sizeof(c), &c) != sizeof(c) || !c.pointer)
		return;
	r = POOL_MSG(&ctx->pool, RseqEntry, rseq_entry);
	r->rseq_abi_pointer = c.pointer;
	r->rseq_abi_size = c.size;
	r->signature = c.signature;
	th->core->thread_core->rseq_entry = r;
	abort_sequence(th, c.pointer);
}

static int look_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct err *e)
{
	ThreadCoreEntry *core = core_of(ctx, t, th)->thread_core;
	void *head;
	size_t len;

	if (syscall(SYS_get_robust_list, th->tr.tid, &head, &len))
		return err_set(e, errno, "cannot read the robust list of thread %d", th->tr.tid);
	core->futex_rla = (uintptr_t)head;
	core->futex_rla_len = len;
	look_rseq(ctx, th);
	return 0;
}

/* A session is a scheduling group, and one of its tasks is enough to ask. A kernel may have no such groups. */
static int look_autogroup(struct dump_ctx *ctx, struct task *t, TaskCoreEntry *tc, struct err *e)
{
	char *text;
	size_t len;
	int nice;

	if (t->parent && t->parent->sid == t->sid)
		return 0;
	if (proc_read(ctx, t, "autogroup", &text, &len, e))
		return e->errnum == ENOENT ? 0 : -1;
	if (sscanf(text, "/autogroup-%*d nice %d", &nice) == 1 && nice)
		PB_SET(tc, autogroup_nice, nice);
	return 0;
}

static int look_coredump_filter(struct dump_ctx *ctx, struct task *t, TaskCoreEntry *tc, struct err *e)
{
	char *text;

	if (!ahead_get(ctx, t, 0, AHEAD_COREDUMP, &text, NULL, e))
		PB_SET(tc, coredump_filter, strtoul(text, NULL, 16));
	else if (e->errnum != ENOENT)
		return -1;
	return 0;
}

static int misc_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	TaskCoreEntry *tc = core_of(ctx, t, &t->threads[0])->tc;
	char *loginuid;

	if (has_exit_signal(t))
		PB_SET(tc, exit_signal, t->exit_signal);
	if (look_autogroup(ctx, t, tc, e) || look_coredump_filter(ctx, t, tc, e))
		return -1;
	if (!ahead_get(ctx, t, 0, AHEAD_LOGINUID, &loginuid, NULL, e))
		PB_SET(tc, loginuid, strtoul(loginuid, NULL, 10));
	else if (e->errnum == ENOENT)
		PB_SET(tc, loginuid, NO_LOGINUID); /* a kernel without CONFIG_AUDIT */
	else
		return -1;
	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (look_thread(ctx, t, &t->threads[i], e))
			return -1;
	return 0;
}

enum { ASK_PERSONALITY, ASK_SUBREAPER, ASK_MEMBARRIER, ASK_BARRIERS };

/* Commands that need a registration, which is the next bit. They do nothing but wait. */
static const int barriers[] = { MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
				MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ };

/* Since Linux 6.3. */
static bool registrations_are_told(void)
{
	return syscall(SYS_membarrier, KERNEL_MEMBARRIER_GET_REGISTRATIONS, 0, 0) >= 0;
}

static void misc_ask(struct dump_ctx *ctx, struct task *t, struct prog *p)
{
	PROG(p, SYS_personality, NO_PERSONALITY);
	PROG(p, SYS_prctl, PR_GET_CHILD_SUBREAPER, prog_room(p, sizeof(int), NULL));
	PROG(p, SYS_membarrier, KERNEL_MEMBARRIER_GET_REGISTRATIONS);
	prog_any(p);
	if (registrations_are_told())
		return;
	for (size_t i = 0; i < ARRAY_SIZE(barriers); i++) {
		PROG(p, SYS_membarrier, barriers[i], 0, 0);
		prog_any(p);
	}
}

static uint32_t registrations(const struct prog *p, uint32_t at)
{
	uint32_t mask = 0;

	if (registrations_are_told())
		return prog_result(p, at + ASK_MEMBARRIER) > 0 ? prog_result(p, at + ASK_MEMBARRIER) : 0;
	for (size_t i = 0; i < ARRAY_SIZE(barriers); i++)
		if (prog_result(p, at + ASK_BARRIERS + i) == 0)
			mask |= barriers[i] << 1;
	return mask;
}

static int misc_save(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e)
{
	const struct prog *p = &t->threads[0].prog;
	TaskCoreEntry *tc = t->threads[0].core->tc;
	const int *subreaper = answer(p, at + ASK_SUBREAPER, 1);

	tc->personality = prog_result(p, at + ASK_PERSONALITY);
	PB_SET(tc, child_subreaper, !!*subreaper);
	if (registrations(p, at))
		PB_SET(tc, membarrier_registration_mask, registrations(p, at));
	return 0;
}

enum { ASK_COMM, ASK_PDEATHSIG };

static void misc_ask_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct prog *p)
{
	PROG(p, SYS_prctl, PR_GET_NAME, prog_room(p, COMM_SIZE, NULL));
	PROG(p, SYS_prctl, PR_GET_PDEATHSIG, prog_room(p, sizeof(int), NULL));
}

static int misc_save_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e)
{
	const int *pdeath = answer(&th->prog, at + ASK_PDEATHSIG, 1);
	ThreadCoreEntry *core = th->core->thread_core;
	char comm[COMM_SIZE + 1];

	snprintf(comm, sizeof(comm), "%s", (const char *)answer(&th->prog, at + ASK_COMM, 1));
	core->comm = pool_str(&ctx->pool, comm);
	if (th->core->tc)
		th->core->tc->comm = core->comm;
	if (*pdeath)
		PB_SET(core, pdeath_sig, *pdeath);
	return 0;
}

const struct dump_part dump_misc = {
	.name = "miscellaneous",
	.look = misc_look,
	.ask = misc_ask,
	.ask_thread = misc_ask_thread,
	.save = misc_save,
	.save_thread = misc_save_thread,
};
