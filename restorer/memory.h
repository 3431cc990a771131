/* SPDX-License-Identifier: GPL-2.0-only */
/* A task's address space: planned from mm and pagemap images, made by the task's own agent at its final addresses. */
#ifndef CRKIT_MEMORY_H
#define CRKIT_MEMORY_H

#include "cr-restore/restore.h"
#include "libimg/vma.h"
#include "parasite/arch/cpu.h"

/* A piece of a mapping that the task has from its parent by fork. */
struct kept {
	uint64_t start, end;
	int prot; /* as the parent had it */
};

struct memory {
	struct img_pagemap pages; /* only runs that are in the pages image */
	struct kept *kept;	  /* ascending; only when shares_pages */
	size_t nr_kept;
	bool shares_pages; /* with its parent: must be born after the parent's memory is filled */
	bool filled;
	uint64_t vdso_at;	    /* where the kernel is to map vvar and vDSO; 0: nowhere */
	uint64_t vdso_size;	    /* of both, in bytes */
	struct vdso_patch *patches; /* vdso_redirect.c: what is put over the old vDSO */
	size_t nr_patches;
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

/* --- pagemap.c ----------------------------------------------------------------------------------------------- */

/* Reads the pagemap image `id` of key `key`, and keeps the runs that are in the pages image. */
int page_map_load(struct restore_ctx *ctx, enum img_id id, unsigned long key, struct img_pagemap *ret, struct err *e);

/* Does a page of [start, end) occur in the map? */
bool page_map_touches(const struct img_pagemap *m, uint64_t start, uint64_t end);

/* The pages file of a map, opened; checks its size. */
int page_map_open(struct restore_ctx *ctx, const struct img_pagemap *m, int *fd_ret, struct err *e);

/* Reads from it, as much as is asked for. */
int page_map_read(struct restore_ctx *ctx, const struct img_pagemap *m, int fd, void *buf, uint64_t size, uint64_t off,
		  struct err *e);

/* --- shmem.c: shared anonymous memory ------------------------------------------------------------------------ */

/* Plan: the objects that the mappings name, and their sizes. */
int shmem_plan(struct restore_ctx *ctx, struct err *e);
/* A descriptor (the director's) through which object `shmid` can be mapped; made and filled at the first call. */
int shmem_get(struct restore_ctx *ctx, uint64_t shmid, int *fd_ret, struct err *e);
void shmem_free(struct restore_ctx *ctx);

/* --- sysv.c: System V segments that stayed where they were ------------------------------------------------------- */

int sysv_plan(struct restore_ctx *ctx, struct err *e);
/* Attaches the segment at the mapping's place, in at most SYSV_OPS. */
#define SYSV_OPS 2
void sysv_attach(const VmaEntry *v, struct prog *p);
void sysv_free(struct restore_ctx *ctx);

/* --- cr-restore/mempolicy.c: NUMA policies ------------------------------------------------------------------- */

/* Adds the leader's to its program, and that of a mapping. Each takes one op and MEMPOLICY_BYTES at most. */
#define MEMPOLICY_BYTES 1024
void mempolicy_of_leader(const struct restore_ctx *ctx, const struct rtask *t, struct prog *p);
void mempolicy_of_mapping(const VmaEntry *v, struct prog *p);
/* Can mappings have one from the parent, by fork? */
bool mempolicy_inherits(const struct rtask *t);

/* --- pkeys.c: protection keys -------------------------------------------------------------------------------- */

/* Plan: are there any here, if the task has some? */
int pkeys_check(struct restore_ctx *ctx, const struct rtask *t, struct err *e);
/* The protection of a mapping until the keys are set. */
int memory_prot(const struct rtask *t, const VmaEntry *v);
/* Gives the mappings their keys, when their content is in place. */
int pkeys_restore(struct restore_ctx *ctx, struct rtask *t, struct err *e);

/* --- aio.c: contexts of io_setup(2), whose pages are filled in already ----------------------------------------- */

int aio_restore(struct restore_ctx *ctx, struct rtask *t, struct err *e);

/* --- vdso.c -------------------------------------------------------------------------------------------------- */

/* Plan: where the kernel is to map the vDSO, and whether calls into the old one must be redirected. Before the mappings are used. */
int vdso_check(struct restore_ctx *ctx, struct rtask *t, struct err *e);

/* Bytes that replace what the image has: the beginning of a function. */
struct vdso_patch {
	uint64_t addr;
	uint8_t bytes[CPU_JUMP_SIZE];
};

#endif
