// SPDX-License-Identifier: GPL-2.0-only
/*
 * Protection keys. A kernel gives out the lowest key that is free, so all up to the highest one wanted are taken and the others freed again.
 * Memory that may only be executed gets a key that the kernel takes by itself, the lowest free one, when it is first asked for such memory: until
 * the keys are set, it may be read as well.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cr-restore/agent.h"
#include "restorer/memory.h"

#define NR_KEYS	   16
#define NO_RIGHTS  1 /* PKEY_DISABLE_ACCESS: as a thread has it that never asked for a key */
#define ALL_RIGHTS 0

int pkeys_check(struct restore_ctx *ctx, const struct rtask *t, struct err *e)
{
	int key;

	for (size_t i = 0; i < t->mm->n_vmas; i++)
		if (t->mm->vmas[i]->has_pkey && (t->mm->vmas[i]->pkey >= NR_KEYS || !t->mm->has_pkeys))
			return err_set(e, 0, "mm-%d.img: the protection key %u is impossible", t->pid,
				       t->mm->vmas[i]->pkey);
	if (!t->mm->has_pkeys)
		return 0;
	key = syscall(SYS_pkey_alloc, 0, NO_RIGHTS);
	if (key < 0)
		problem(ctx, NULL, "process %d: it has protection keys (pkeys(7)), and there are none here", t->pid);
	else
		syscall(SYS_pkey_free, key);
	return 0;
}

int memory_prot(const struct rtask *t, const VmaEntry *v)
{
	return t->mm->has_pkeys && v->prot == PROT_EXEC ? PROT_READ | PROT_EXEC : (int)v->prot;
}

static bool is_allocated(const MmEntry *mm, uint32_t key)
{
	return !key || mm->pkeys >> key & 1;
}

/* Has it the kernel's own key for memory that may only be executed? */
static bool is_kernels_own(const MmEntry *mm, const VmaEntry *v)
{
	return v->has_pkey && v->prot == PROT_EXEC && !is_allocated(mm, v->pkey);
}

static uint32_t key_of(const VmaEntry *v)
{
	return v->has_pkey ? v->pkey : 0;
}

/* The program in pieces. */
struct keys {
	struct restore_ctx *ctx;
	struct rtask *t;
	struct prog p;
};

static int flush(struct keys *k, struct err *e)
{
	int ret = k->p.nr ? agent_run(k->ctx, k->t, &k->p, e) : 0;

	agent_begin(k->t, &k->p);
	return ret;
}

/* key -1: the kernel chooses. */
static int protect(struct keys *k, const VmaEntry *v, int64_t key, struct err *e)
{
	if (!prog_fits(&k->p, 1, 0) && flush(k, e))
		return -1;
	PROG(&k->p, SYS_pkey_mprotect, v->start, v->end - v->start, v->prot, key);
	return 0;
}

static int protect_all(struct keys *k, const VmaEntry **own_ret, struct err *e)
{
	const MmEntry *mm = k->t->mm;

	for (size_t i = 0; i < mm->n_vmas; i++) {
		const VmaEntry *v = mm->vmas[i];

		if (v->status & VMA_KERNEL)
			continue;
		if (is_kernels_own(mm, v))
			*own_ret = v;
		else if ((v->has_pkey || v->prot == PROT_EXEC) && protect(k, v, key_of(v), e))
			return -1;
	}
	return 0;
}

/* All other keys are taken, but its own. */
static int protect_kernels_own(struct keys *k, uint32_t key, struct err *e)
{
	const MmEntry *mm = k->t->mm;

	if (!prog_fits(&k->p, 1, 0) && flush(k, e))
		return -1;
	PROG(&k->p, SYS_pkey_free, key);
	for (size_t i = 0; i < mm->n_vmas; i++)
		if (is_kernels_own(mm, mm->vmas[i]) && protect(k, mm->vmas[i], -1, e))
			return -1;
	return 0;
}

static uint32_t highest_key(const MmEntry *mm)
{
	uint32_t highest = 0;

	for (uint32_t key = 1; key < NR_KEYS; key++)
		if (is_allocated(mm, key))
			highest = key;
	for (size_t i = 0; i < mm->n_vmas; i++)
		if (key_of(mm->vmas[i]) > highest)
			highest = mm->vmas[i]->pkey;
	return highest;
}

/* The rights that allocating gives to the thread are no harm: it gets its registers later. */
int pkeys_restore(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct keys k = { .ctx = ctx, .t = t };
	const VmaEntry *own = NULL;
	uint32_t highest;

	if (!t->mm->has_pkeys)
		return 0;
	highest = highest_key(t->mm);
	agent_begin(t, &k.p);
	for (uint32_t key = 1; key <= highest; key++) {
		PROG(&k.p, SYS_pkey_alloc, 0, ALL_RIGHTS);
		prog_exact(&k.p, key);
	}
	if (protect_all(&k, &own, e) || (own && protect_kernels_own(&k, own->pkey, e)))
		return err_in(e, "protection keys");
	if (!prog_fits(&k.p, NR_KEYS, 0) && flush(&k, e))
		return err_in(e, "protection keys");
	for (uint32_t key = 1; key <= highest; key++)
		if (!is_allocated(t->mm, key) && !(own && own->pkey == key))
			PROG(&k.p, SYS_pkey_free, key);
	return flush(&k, e);
}
