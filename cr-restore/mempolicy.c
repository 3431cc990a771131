// SPDX-License-Identifier: GPL-2.0-only
/*
 * NUMA policies of threads and mappings. A thread's is handed down by clone and fork, from this program too, so where anybody has one
 * all get theirs, the leader before its memory is filled: pages are then where they belong.
 */
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cr-restore/state.h"
#include "restorer/memory.h"

static bool anybody_has_one(const struct restore_ctx *ctx)
{
	int mode;

	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->mm && ctx->tasks[i]->mm->n_thread_mempolicies)
			return true;
	return !syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) && mode != MPOL_DEFAULT;
}

/* A mode without nodes (MPOL_LOCAL) wants no mask. */
static uint64_t mask(struct prog *p, const uint64_t *nodes, size_t n, uint64_t *bits_ret)
{
	bool empty = true;

	for (size_t i = 0; i < n; i++)
		empty = empty && !nodes[i];
	*bits_ret = empty ? 0 : n * 64 + 1; /* the kernel takes one less than it is told */
	return empty ? 0 : prog_bytes(p, nodes, n * sizeof(*nodes));
}

static void set(const struct rtask *t, size_t thread, struct prog *p)
{
	const ThreadMempolicyEntry *r = NULL;
	uint64_t nodes, bits;

	for (size_t i = 0; i < t->mm->n_thread_mempolicies; i++)
		if (t->mm->thread_mempolicies[i]->thread == thread)
			r = t->mm->thread_mempolicies[i];
	if (!r) {
		PROG(p, SYS_set_mempolicy, MPOL_DEFAULT, 0, 0);
		prog_any(p); /* a kernel without NUMA has no other */
		return;
	}
	nodes = mask(p, r->nodes, r->n_nodes, &bits);
	PROG(p, SYS_set_mempolicy, r->mode, nodes, bits);
}

void mempolicy_of_leader(const struct restore_ctx *ctx, const struct rtask *t, struct prog *p)
{
	if (anybody_has_one(ctx))
		set(t, 0, p);
}

static bool has_any_mapping(const MmEntry *mm)
{
	for (size_t i = 0; i < mm->n_vmas; i++)
		if (mm->vmas[i]->has_mempolicy)
			return true;
	return false;
}

bool mempolicy_inherits(const struct rtask *t)
{
	return t->memory->nr_kept && has_any_mapping(t->parent->mm);
}

void mempolicy_of_mapping(const VmaEntry *v, struct prog *p)
{
	uint64_t bits, nodes = mask(p, v->mempolicy_nodes, v->n_mempolicy_nodes, &bits);

	PROG(p, SYS_mbind, v->start, v->end - v->start, v->has_mempolicy ? v->mempolicy : MPOL_DEFAULT, nodes, bits, 0);
}

/* Among the threads of the image. */
static size_t index_of(const struct rtask *t, const struct agent_thread *th)
{
	return th - t->threads + (t->threads[0].tid != t->pid);
}

static int mempolicy_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p,
			    struct err *e)
{
	if (index_of(t, th) && anybody_has_one(ctx))
		set(t, index_of(t, th), p);
	return 0;
}

const struct restore_state restore_mempolicy = {
	.name = "mempolicy",
	.thread = mempolicy_thread,
};
