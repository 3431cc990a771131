/* SPDX-License-Identifier: GPL-2.0-only */
/* A task's address space: planned from mm and pagemap images, made by the task's own agent at its final addresses. */
#ifndef CRKIT_MEMORY_H
#define CRKIT_MEMORY_H

#include "cr-restore/restore.h"

/* Pages that lie one after the other both in memory and in the pages file. */
struct page_run {
	uint64_t addr, nr; /* bytes, pages */
	uint64_t off;	   /* in the pages file */
};

struct page_map {
	struct page_run *runs; /* ascending by address */
	size_t nr_runs;
	uint32_t pages_id;
};

/* A piece of a mapping that the task has from its parent by fork. */
struct kept {
	uint64_t start, end;
	int prot; /* as the parent had it */
};

struct memory {
	struct page_map pages;
	struct kept *kept; /* ascending; only when shares_pages */
	size_t nr_kept;
	bool shares_pages; /* with its parent: must be born after the parent's memory is filled */
	bool filled;
};

/* Plan: reads the page maps, finds what is shared across fork, checks the vDSO. After birth_plan. */
int memory_plan(struct restore_ctx *ctx, struct err *e);

/* Makes and fills the mappings of a born task. Called with ctx->lock held; lets go of it while pages are read. */
int memory_fill(struct restore_ctx *ctx, struct rtask *t, struct err *e);

/* When all are born: advice, locks, brk, arguments, exe. */
int memory_finish(struct restore_ctx *ctx, struct rtask *t, struct err *e);

/* Bytes of all tasks' page maps together. */
uint64_t memory_size(const struct restore_ctx *ctx);

void memory_free(struct restore_ctx *ctx);

/* Reads pagemap image `id` of key `key`. runs are malloc'ed. */
int page_map_load(struct restore_ctx *ctx, enum img_id id, unsigned long key, struct page_map *ret, struct err *e);

/* Does a page of [start, end) occur in the map? */
bool page_map_touches(const struct page_map *m, uint64_t start, uint64_t end);

/* The pages file of a map, opened; checks its size. */
int page_map_open(struct restore_ctx *ctx, const struct page_map *m, int *fd_ret, struct err *e);

/* --- shmem.c: shared anonymous memory ------------------------------------------------------------------------ */

/* Plan: the objects that the mappings name, and their sizes. */
int shmem_plan(struct restore_ctx *ctx, struct err *e);
/* A descriptor (the director's) through which object `shmid` can be mapped; made and filled at the first call. */
int shmem_get(struct restore_ctx *ctx, uint64_t shmid, int *fd_ret, struct err *e);
void shmem_free(struct restore_ctx *ctx);

/* --- vdso.c -------------------------------------------------------------------------------------------------- */

/* Plan: is the images' vDSO the one of this kernel? */
int vdso_check(struct restore_ctx *ctx, struct rtask *t, struct err *e);
/* Where vvar and vdso begin in the task; 0: it has none. */
uint64_t vdso_start(const struct rtask *t);

/* VMA_AREA_* bits of vma_entry.status. */
enum {
	VMA_REGULAR = 1 << 0,
	VMA_VSYSCALL = 1 << 2,
	VMA_VDSO = 1 << 3,
	VMA_HEAP = 1 << 5,
	VMA_FILE_PRIVATE = 1 << 6,
	VMA_FILE_SHARED = 1 << 7,
	VMA_ANON_SHARED = 1 << 8,
	VMA_ANON_PRIVATE = 1 << 9,
	VMA_SYSVIPC = 1 << 10,
	VMA_SOCKET = 1 << 11,
	VMA_VVAR = 1 << 12,
	VMA_AIORING = 1 << 13,
	VMA_MEMFD = 1 << 14,
};

#endif
