// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a task has asked of its memory and only it can tell: merging of equal pages, MDWE, locking of future mappings, I/O contexts, and
 * the NUMA policies of mappings and threads. The home node of a policy (set_mempolicy_home_node) cannot be read and is lost.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/kernel.h"
#include "cr-dump/task.h"
#include "cr-dump/vma.h"

#define PROBE	  4096
#define NODES_MAX 1024 /* of any kernel for x86-64 */

/* The first of our questions, in order; those for I/O contexts and the policies of mappings follow. */
enum { ASK_MERGE, ASK_MDWE, ASK_MAP, ASK_COLD, ASK_MINCORE, ASK_UNMAP, ASK_AIO };

/* --- NUMA policies ------------------------------------------------------------------------------------------ */

/* How many 64-bit words a mask of nodes has: a kernel refuses to fill in one that is too short. */
static unsigned int node_words(struct dump_ctx *ctx)
{
	struct shmems *s = shmems_of(ctx);
	char line[128] = "", *last;

	if (s->node_words)
		return s->node_words;
	_cleanup_fclose_ FILE *f = fopen("/sys/devices/system/node/possible", "re");
	if (f && fgets(line, sizeof(line), f)) {
		last = line + strlen(line); /* "0", "0-3", "0,2-5": the last number is the highest */
		while (last > line && (!last[-1] || strchr("0123456789\n", last[-1])))
			last--;
		s->node_words = strtoul(last, NULL, 10) / 64 + 1;
	} else {
		s->node_words = NODES_MAX / 64;
	}
	return s->node_words;
}

struct policy {
	uint32_t mode, pad;
	uint64_t nodes[];
};

static size_t policy_size(struct dump_ctx *ctx)
{
	return sizeof(struct policy) + node_words(ctx) * 8;
}

/* addr 0: of the thread itself. */
static void ask_policy(struct dump_ctx *ctx, struct prog *p, uint64_t addr)
{
	unsigned int words = node_words(ctx);
	uint64_t room = prog_room(p, policy_size(ctx), NULL);

	PROG(p, SYS_get_mempolicy, room, room + offsetof(struct policy, nodes), words * 64, addr,
	     addr ? MPOL_F_ADDR : 0);
	prog_any(p); /* a kernel may know no NUMA */
}

/* The policy that op `at` was told, or NULL for the default. */
static const struct policy *told(const struct prog *p, uint32_t at)
{
	const struct policy *policy = answer(p, at, 0);

	return prog_result(p, at) || !policy->mode ? NULL : policy;
}

static bool has_policy(const struct vma *v)
{
	return !(v->entry->status & VMA_KERNEL);
}

static void ask_mappings(struct dump_ctx *ctx, struct task *t, struct prog *p)
{
	for (size_t i = 0; i < t->nr_vmas; i++)
		if (has_policy(&t->vmas[i]))
			ask_policy(ctx, p, t->vmas[i].start);
}

/* The answers from op `at` on. */
static void save_mappings(struct dump_ctx *ctx, struct task *t, const struct prog *p, uint32_t at)
{
	unsigned int words = node_words(ctx);

	for (size_t i = 0; i < t->nr_vmas; i++) {
		VmaEntry *entry = t->vmas[i].entry;
		const struct policy *policy;

		if (!has_policy(&t->vmas[i]))
			continue;
		policy = told(p, at++);
		if (!policy)
			continue;
		PB_SET(entry, mempolicy, policy->mode);
		entry->mempolicy_nodes = pool_copy(&ctx->pool, policy->nodes, words * 8);
		entry->n_mempolicy_nodes = words;
	}
}

/* --- the task ----------------------------------------------------------------------------------------------- */

/*
 * Whether future mappings are to be locked shows in a new one: a locked one cannot be MADV_COLD, and has a page at once unless it is
 * to be locked on fault.
 */
static void ask_lock_future(struct prog *p)
{
	uint32_t map = PROG(p, SYS_mmap, 0, PROBE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1ULL, 0);

	PROG(p, SYS_madvise, 0, PROBE, MADV_COLD);
	prog_ref(p, 0, map);
	prog_any(p);
	PROG(p, SYS_mincore, 0, PROBE, prog_room(p, 1, NULL));
	prog_ref(p, 0, map);
	prog_any(p);
	PROG(p, SYS_munmap, 0, PROBE);
	prog_ref(p, 0, map);
}

/* After a fork the child has the ring, but not the context: it knows of no events in it. */
static void ask_aio(const struct task *t, struct prog *p)
{
	for (size_t i = 0; i < t->mm->n_aios; i++) {
		PROG(p, SYS_io_getevents, t->mm->aios[i]->id, 0, 0, 0, prog_room(p, sizeof(struct timespec), NULL));
		prog_any(p);
	}
}

static int check_aio(const struct task *t, const struct prog *p, uint32_t at, struct err *e)
{
	for (size_t i = 0; i < t->mm->n_aios; i++)
		if (prog_result(p, at + i)) {
			err_set(e, 0, "the mapping at %#lx is the ring of another process's I/O context (io_setup)",
				t->mm->aios[i]->id);
			return err_hint(e,
					"it was inherited by fork, which makes no sense; the process should unmap it");
		}
	return 0;
}

static int mm_modes_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	t->ask_room += t->nr_vmas * (sizeof(struct run_op) + ALIGN_UP(policy_size(ctx), 16));
	t->ask_room = ALIGN_UP(t->ask_room, 16);
	return 0;
}

static void mm_modes_ask(struct dump_ctx *ctx, struct task *t, struct prog *p)
{
	PROG(p, SYS_prctl, KERNEL_PR_GET_MEMORY_MERGE);
	prog_any(p);
	PROG(p, SYS_prctl, KERNEL_PR_GET_MDWE);
	prog_any(p);
	ask_lock_future(p);
	ask_aio(t, p);
	ask_mappings(ctx, t, p);
}

static void save_lock_future(struct task *t, const struct prog *p, uint32_t at)
{
	const uint8_t *in_core = answer(p, at + ASK_MINCORE, 2);

	if (prog_result(p, at + ASK_COLD) != -EINVAL)
		return;
	PB_SET(t->mm, lock_future, *in_core & 1 ? MCL_FUTURE : MCL_FUTURE | MCL_ONFAULT);
}

static int mm_modes_save(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e)
{
	const struct prog *p = &t->threads[0].prog;

	if (prog_result(p, at + ASK_MERGE) >= 0)
		PB_SET(t->mm, memory_merge, prog_result(p, at + ASK_MERGE) > 0);
	if (prog_result(p, at + ASK_MDWE) > 0)
		PB_SET(t->mm, mdwe, prog_result(p, at + ASK_MDWE));
	save_lock_future(t, p, at);
	save_mappings(ctx, t, p, at + ASK_AIO + t->mm->n_aios);
	return check_aio(t, p, at + ASK_AIO, e);
}

static void mm_modes_ask_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct prog *p)
{
	ask_policy(ctx, p, 0);
}

static int mm_modes_save_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e)
{
	const struct policy *policy = told(&th->prog, at);
	ThreadMempolicyEntry *r;

	if (!policy)
		return 0;
	r = POOL_MSG(&ctx->pool, ThreadMempolicyEntry, thread_mempolicy_entry);
	r->thread = th - t->threads + (t->ended ? 1 : 0);
	r->mode = policy->mode;
	r->n_nodes = node_words(ctx);
	r->nodes = pool_copy(&ctx->pool, policy->nodes, r->n_nodes * 8);
	*POOL_PUSH(&ctx->pool, t->mm->thread_mempolicies, t->mm->n_thread_mempolicies) = r;
	return 0;
}

const struct dump_part dump_mm_modes = {
	.name = "memory modes",
	.look = mm_modes_look,
	.ask = mm_modes_ask,
	.ask_thread = mm_modes_ask_thread,
	.save = mm_modes_save,
	.save_thread = mm_modes_save_thread,
};
