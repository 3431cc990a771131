// SPDX-License-Identifier: GPL-2.0-only
/* Plans address spaces: page maps, and what a task has from its parent by fork. See memory.h. */
#include <stdlib.h>
#include <sys/mman.h>

#include "cr-restore/birth.h"
#include "restorer/arena.h"
#include "restorer/memory.h"

#define INHERITABLE (VMA_FILE_PRIVATE | VMA_ANON_PRIVATE)
#define SPECIAL	    (VMA_KERNEL | VMA_AIORING | VMA_SOCKET)

/* Could the child's mapping be what fork made of the parent's? */
static bool related(const VmaEntry *p, const VmaEntry *c)
{
	if (!(p->status & c->status & INHERITABLE) || (p->status | c->status) & SPECIAL)
		return false;
	if ((p->flags ^ c->flags) & (MAP_GROWSDOWN | MAP_HUGETLB | (uint32_t)MAP_HUGE_MASK << MAP_HUGE_SHIFT))
		return false;
	return c->status & VMA_ANON_PRIVATE || (p->shmid == c->shmid && p->start - p->pgoff == c->start - c->pgoff);
}

static void keep(struct restore_ctx *ctx, struct rtask *t, const VmaEntry *p, const VmaEntry *c)
{
	struct memory *m = t->memory;
	uint64_t start = p->start > c->start ? p->start : c->start;
	uint64_t end = p->end < c->end ? p->end : c->end;

	if (start >= end || !related(p, c))
		return;
	*POOL_PUSH(&ctx->pool, m->kept, m->nr_kept) = (struct kept){ start, end, memory_prot(t->parent, p) };
	if (page_map_touches(&t->parent->memory->pages, start, end) && page_map_touches(&m->pages, start, end))
		m->shares_pages = true;
}

/* Both lists ascend. */
static void plan_kept(struct restore_ctx *ctx, struct rtask *t)
{
	const MmEntry *p = t->parent->mm, *c = t->mm;
	size_t i = 0, j = 0;

	while (i < p->n_vmas && j < c->n_vmas) {
		keep(ctx, t, p->vmas[i], c->vmas[j]);
		if (p->vmas[i]->end < c->vmas[j]->end)
			i++;
		else
			j++;
	}
}

static int check_vma(const struct rtask *t, const VmaEntry *v, uint64_t above, struct err *e)
{
	if (v->status & VMA_VSYSCALL)
		return 0;
	if (v->start % IMG_PAGE_SIZE || v->end % IMG_PAGE_SIZE || v->start >= v->end || v->end > TASK_END ||
	    v->start < above)
		return err_set(e, 0, "mm-%d.img: the mapping %#lx-%#lx is impossible", t->pid, v->start, v->end);
	return 0;
}

static int check_mappings(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	uint64_t above = 0;

	for (size_t i = 0; i < t->mm->n_vmas; i++) {
		const VmaEntry *v = t->mm->vmas[i];

		if (check_vma(t, v, above, e))
			return -1;
		if (v->status & VMA_SOCKET)
			problem(ctx, NULL,
				"process %d: the mapping %#lx-%#lx is of a kind that this version cannot restore (status %#x, flags %#x)",
				t->pid, v->start, v->end, v->status, v->flags);
		if (!(v->status & VMA_VSYSCALL))
			above = v->end;
	}
	return 0;
}

static int plan_task(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	int fd;

	t->memory = pool_alloc(&ctx->pool, sizeof(*t->memory));
	if (check_mappings(ctx, t, e) || pkeys_check(ctx, t, e) ||
	    page_map_load(ctx, IMG_PAGEMAP, t->pid, &t->memory->pages, e) ||
	    page_map_open(ctx, &t->memory->pages, &fd, e))
		return -1;
	close(fd);
	if (t->parent && t->born->cloner == t->parent)
		plan_kept(ctx, t);
	return vdso_check(ctx, t, e);
}

int memory_plan(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->mm && plan_task(ctx, ctx->tasks[i], e))
			return -1;
	return shmem_plan(ctx, e) || sysv_plan(ctx, e) ? -1 : 0;
}

uint64_t memory_size(const struct restore_ctx *ctx)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < ctx->nr_tasks; i++)
		for (size_t j = 0; ctx->tasks[i]->memory && j < ctx->tasks[i]->memory->pages.nr_runs; j++)
			pages += ctx->tasks[i]->memory->pages.runs[j].nr;
	return pages * IMG_PAGE_SIZE;
}

void memory_free(struct restore_ctx *ctx)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->memory)
			free(ctx->tasks[i]->memory->pages.runs);
	shmem_free(ctx);
	sysv_free(ctx);
}
