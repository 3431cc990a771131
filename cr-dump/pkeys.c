// SPDX-License-Identifier: GPL-2.0-only
/*
 * Protection keys: those of mappings are in vma.c, the rights of threads among their registers; here is which keys are allocated. Nothing
 * lists them. But a system call that is to give memory a key refuses one that is not allocated before it looks at the memory: keys are
 * tried on an address that no memory can be at. The kernel's own key for memory that may only be executed counts as not allocated.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "cr-dump/task.h"
#include "libimg/vma.h"

#define NR_KEYS	  16 /* on x86-64; key 0 is what memory has by itself */
#define NO_MEMORY (-2 * 4096ul)

static int pkeys_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	for (size_t i = 0; t->knows_keys && !t->uses_keys && i < t->nr_vmas; i++)
		t->uses_keys = t->vmas[i].entry->has_pkey;
	return 0;
}

static void pkeys_ask(struct dump_ctx *ctx, struct task *t, struct prog *p)
{
	for (int key = 1; t->knows_keys && key < NR_KEYS; key++) {
		PROG(p, SYS_pkey_mprotect, NO_MEMORY, 4096, PROT_NONE, key);
		prog_any(p);
	}
}

static bool is_kernels_own(const VmaEntry *v, uint32_t allocated)
{
	return v->has_pkey && v->prot == PROT_EXEC && !(allocated >> v->pkey & 1);
}

/* The kernel has one key of its own; another one was freed while it was in use. */
static void refuse_ambiguous(struct dump_ctx *ctx, struct task *t, uint32_t allocated)
{
	const VmaEntry *first = NULL;

	for (size_t i = 0; i < t->nr_vmas; i++) {
		const VmaEntry *v = t->vmas[i].entry;

		if (!is_kernels_own(v, allocated))
			continue;
		first = first ? first : v;
		if (v->pkey != first->pkey)
			refuse(ctx, t, NULL, "mapping %lx-%lx has a protection key that was freed (pkey_free)",
			       v->start, v->end);
	}
}

static int pkeys_save(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e)
{
	uint32_t allocated = 0;

	for (int key = 1; t->knows_keys && key < NR_KEYS; key++)
		if (prog_result(&t->threads[0].prog, at + key - 1) == -ENOMEM)
			allocated |= 1u << key;
	if (!allocated && !t->uses_keys)
		return 0;
	PB_SET(t->mm, pkeys, allocated);
	refuse_ambiguous(ctx, t, allocated);
	return 0;
}

const struct dump_part dump_pkeys = {
	.name = "protection keys",
	.look = pkeys_look,
	.ask = pkeys_ask,
	.save = pkeys_save,
};
