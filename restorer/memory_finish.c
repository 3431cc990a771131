// SPDX-License-Identifier: GPL-2.0-only
/* The last touches to an address space, when nothing is forked any more: advice, locks, and what the kernel knows of its layout. */
#include <errno.h>
#include <linux/prctl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/kernel.h"
#include "cr-restore/agent.h"
#include "restorer/memory.h"

#define LAST_MADV     25
#define ANON_NAME_MAX 128 /* the kernel allows 80 */

static int flush(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	int ret = p->nr ? agent_run(ctx, t, p, e) : 0;

	agent_begin(t, p);
	return ret;
}

static int advise(struct restore_ctx *ctx, struct rtask *t, const VmaEntry *v, struct prog *p, struct err *e)
{
	uint64_t len = v->end - v->start;

	if (!prog_fits(p, LAST_MADV + 4, ANON_NAME_MAX) && flush(ctx, t, p, e))
		return -1;
	if (v->anon_name) {
		PROG(p, SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, v->start, len, prog_str(p, v->anon_name));
		prog_any(p);
	}
	if (t->mm->memory_merge && v->status & VMA_ANON_PRIVATE && !(v->madv & 1ULL << MADV_MERGEABLE)) {
		PROG(p, SYS_madvise, v->start, len, MADV_UNMERGEABLE);
		prog_any(p);
	}
	for (int bit = 0; v->has_madv && bit <= LAST_MADV; bit++) {
		if (!(v->madv & 1ULL << bit))
			continue;
		PROG(p, SYS_madvise, v->start, len, bit);
		if (bit == MADV_HUGEPAGE || bit == MADV_NOHUGEPAGE || bit == MADV_MERGEABLE)
			prog_any(p); /* a kernel without the feature loses nothing but speed */
	}
	if (v->flags & MAP_LOCKED) {
		PROG(p, SYS_mlock2, v->start, len, v->has_locked_on_fault && v->locked_on_fault ? MLOCK_ONFAULT : 0);
		/* It is locked before its pages are wanted, and not all may be had: of no access, behind the end of a file. */
		if (!v->prot || v->status & VMA_FILE)
			prog_any(p);
	}
	return 0;
}

/* Pages that must fault although they are mapped; after all content is in place. */
static int guard(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	const uint64_t *g = t->mm->guards;

	if (t->mm->n_guards % 2)
		return err_set(e, 0, "the list of guard pages has an odd number of ends");
	for (size_t i = 0; i < t->mm->n_guards; i += 2) {
		if (!prog_fits(p, 1, 0) && flush(ctx, t, p, e))
			return -1;
		PROG(p, SYS_madvise, g[i], g[i + 1] - g[i], KERNEL_MADV_GUARD_INSTALL);
	}
	return 0;
}

/* The descriptor of the program itself; the caller sent it. */
static int set_layout(struct restore_ctx *ctx, struct rtask *t, int exe, struct err *e)
{
	const MmEntry *mm = t->mm;
	struct prctl_mm_map map = {
		.start_code = mm->mm_start_code,
		.end_code = mm->mm_end_code,
		.start_data = mm->mm_start_data,
		.end_data = mm->mm_end_data,
		.start_brk = mm->mm_start_brk,
		.brk = mm->mm_brk,
		.start_stack = mm->mm_start_stack,
		.arg_start = mm->mm_arg_start,
		.arg_end = mm->mm_arg_end,
		.env_start = mm->mm_env_start,
		.env_end = mm->mm_env_end,
		.auxv_size = mm->n_mm_saved_auxv * sizeof(*mm->mm_saved_auxv),
		.exe_fd = exe,
	};
	struct prog p;

	agent_begin(t, &p);
	map.auxv = (void *)prog_bytes(&p, mm->mm_saved_auxv, map.auxv_size);
	PROG(&p, SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, prog_bytes(&p, &map, sizeof(map)), sizeof(map), 0);
	PROG(&p, SYS_close, exe);
	if (agent_run(ctx, t, &p, e))
		return err_in(e, "layout of the address space");
	return 0;
}

/* Fork hands these down, so they are compared with our own. */
static void set_inherited(const MmEntry *mm, struct prog *p)
{
	int merge = prctl(KERNEL_PR_GET_MEMORY_MERGE, 0, 0, 0, 0), thp = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
	int want = mm->has_thp_disable ? (int)mm->thp_disable : mm->thp_disabled;

	if (mm->has_thp_disabled && thp >= 0 && thp != want)
		PROG(p, SYS_prctl, PR_SET_THP_DISABLE, want & 1, want & ~1);
	if (mm->has_memory_merge && (merge < 0 ? 0 : merge) != mm->memory_merge)
		PROG(p, SYS_prctl, KERNEL_PR_SET_MEMORY_MERGE, mm->memory_merge);
}

/* The very last: from here on mappings cannot be changed, or new ones are of another sort. */
static int lock_up(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const MmEntry *mm = t->mm;
	struct prog p;

	agent_begin(t, &p);
	for (size_t i = 0; i < mm->n_vmas; i++) {
		const VmaEntry *v = mm->vmas[i];

		if (!v->has_sealed || !v->sealed)
			continue;
		if (!prog_fits(&p, 3, 0) && flush(ctx, t, &p, e))
			return -1;
		PROG(&p, KERNEL_SYS_MSEAL, v->start, v->end - v->start, 0);
	}
	if (mm->has_mdwe && mm->mdwe)
		PROG(&p, SYS_prctl, KERNEL_PR_SET_MDWE, mm->mdwe);
	if (mm->has_lock_future && mm->lock_future)
		PROG(&p, SYS_mlockall, mm->lock_future);
	return flush(ctx, t, &p, e);
}

int memory_finish(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct prog p;
	int fd, number;

	if (aio_restore(ctx, t, e))
		return -1;
	agent_begin(t, &p);
	set_inherited(t->mm, &p);
	for (size_t i = 0; i < t->mm->n_vmas; i++)
		if (!(t->mm->vmas[i]->status & VMA_KERNEL) && advise(ctx, t, t->mm->vmas[i], &p, e))
			return -1;
	if (guard(ctx, t, &p, e) || flush(ctx, t, &p, e))
		return -1;
	if (files_get(ctx, t->mm->exe_file_id, &fd, e) || agent_send_fds(ctx, t, &fd, 1, &number, e))
		return -1;
	return set_layout(ctx, t, number, e) || pkeys_restore(ctx, t, e) || lock_up(ctx, t, e) ? -1 : 0;
}
