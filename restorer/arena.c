// SPDX-License-Identifier: GPL-2.0-only
/* The arena and the hole it lies in: see arena.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cr-restore/leader.h"
#include "parasite/arch/cpu.h"
#include "restorer/arena.h"
#include "restorer/memory.h"

extern const char runner_blob[], runner_blob_end[];

#define PAGE	  4096ul
#define LOWEST	  (1ULL << 32)
#define GROW_ROOM (16ULL << 20) /* below a mapping that may grow down, and around our own ones */

struct range {
	uint64_t start, end;
};

struct ranges {
	struct range *v;
	size_t nr;
};

static void add_range(struct restore_ctx *ctx, struct ranges *r, uint64_t start, uint64_t end, uint64_t room)
{
	*POOL_PUSH(&ctx->pool, r->v, r->nr) = (struct range){ start > room ? start - room : 0, end + room };
}

static int add_own(struct restore_ctx *ctx, struct ranges *r, struct err *e)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	uint64_t start, end;

	if (!f)
		return err_set(e, errno, "cannot open /proc/self/maps");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2)
			add_range(ctx, r, start, end, GROW_ROOM);
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* The lowest gap of `size` bytes among the ranges, above LOWEST. */
static int find_gap(struct ranges *r, size_t size, uint64_t *ret, struct err *e)
{
	uint64_t at = LOWEST;

	qsort(r->v, r->nr, sizeof(*r->v), by_start);
	for (size_t i = 0; i < r->nr; i++) {
		if (r->v[i].start > at && r->v[i].start - at >= size)
			break;
		if (r->v[i].end > at)
			at = ALIGN_UP(r->v[i].end, PAGE);
	}
	if (at + size > TASK_END)
		return err_set(e, 0, "the tasks leave no common hole of %zu bytes in their address spaces", size);
	*ret = at;
	return 0;
}

static int find_hole(struct restore_ctx *ctx, size_t size, uint64_t *ret, struct err *e)
{
	struct ranges r = { 0 };

	if (add_own(ctx, &r, e))
		return -1;
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct memory *m = ctx->tasks[i]->memory;
		const MmEntry *mm = ctx->tasks[i]->mm;

		if (m && m->vdso_at)
			add_range(ctx, &r, m->vdso_at, m->vdso_at + m->vdso_size, 0);
		for (size_t j = 0; mm && j < mm->n_vmas; j++)
			if (mm->vmas[j]->start < TASK_END)
				add_range(ctx, &r, mm->vmas[j]->start, mm->vmas[j]->end,
					  mm->vmas[j]->flags & MAP_GROWSDOWN ? GROW_ROOM : 0);
	}
	return find_gap(&r, size, ret, e);
}

/* Who does the work for the whole task needs most: the leader, and after it, if it ends, the next. */
static size_t area_size(const struct rtask *t, size_t thread)
{
	return thread > (leader_ends(t) ? 1 : 0) ? ARENA_THREAD : ARENA_LEADER;
}

static size_t arena_size(const struct restore_ctx *ctx)
{
	size_t size = ARENA_CODE;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *t = ctx->tasks[i];

		size += ARENA_LEADER;
		for (size_t j = 1; j < t->nr_threads; j++)
			size += area_size(t, j);
	}
	return size;
}

static void hand_out(struct restore_ctx *ctx)
{
	uint64_t at = ctx->arena->base + ARENA_CODE;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (!t->nr_threads) { /* a zombie or a helper: it has an agent too, for a short time */
			t->threads = pool_alloc(&ctx->pool, sizeof(*t->threads));
			t->threads[0].tid = t->pid;
			t->nr_threads = 1;
		}
		for (size_t j = 0; j < t->nr_threads; j++) {
			size_t size = area_size(t, j);

			t->threads[j].area = (struct run_area){ (char *)at, at, size };
			run_area_init(&t->threads[j].area, 0);
			at += size;
		}
	}
}

int arena_create(struct restore_ctx *ctx, struct err *e)
{
	struct arena *a = pool_alloc(&ctx->pool, sizeof(*a));
	void *p;

	a->size = arena_size(ctx);
	if (find_hole(ctx, a->size, &a->base, e))
		return -1;
	p = mmap((void *)a->base, a->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0);
	if (p == MAP_FAILED)
		return err_set(e, errno, "cannot map %zu bytes at %#lx for the agents", a->size, a->base);
	memcpy(p, runner_blob, runner_blob_end - runner_blob);
	if (mprotect(p, ARENA_CODE, PROT_READ | PROT_EXEC)) {
		err_set(e, errno, "cannot make the agents' code executable");
		munmap(p, a->size);
		return -1;
	}
	a->insn = a->base + cpu_find_syscall(p, runner_blob_end - runner_blob);
	ctx->arena = a;
	hand_out(ctx);
	log_debug("the agents' arena lies at %#lx, %zu KiB", a->base, a->size / 1024);
	return 0;
}

void arena_destroy(struct restore_ctx *ctx)
{
	if (ctx->arena)
		munmap((void *)ctx->arena->base, ctx->arena->size);
	ctx->arena = NULL;
}
