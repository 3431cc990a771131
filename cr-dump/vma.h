/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that save memory share among themselves: mm.c, vma*.c, pages*.c, shmem.c. */
#ifndef CRKIT_DUMP_VMA_H
#define CRKIT_DUMP_VMA_H

#include "cr-dump/dump.h"
#include "ipc-shm.pb-c.h"
#include "libimg/vma.h"

/* What the lines of smaps say about a mapping. */
struct vma_flags {
	uint32_t madv;	    /* bit n: MADV_* number n */
	uint32_t map;	    /* MAP_*, without shared or private */
	int pkey;	    /* -1: this CPU has none */
	uint64_t huge_page; /* its size in bytes, of hugetlb memory */
	bool may_write, hugetlb, device, userfault, shadow_stack, sealed, droppable, may_guard, locked_on_fault,
		synchronous;
};

/* A shared memory object, whose content is saved once: a memfd or memory that tasks share since a fork. */
struct shmem {
	uint64_t id; /* of pagemap-shmem-ID.img: its inode number, if that is free */
	dev_t dev;
	ino_t ino;
	struct task *task; /* who has it */
	char where[56];	   /* below /proc/PID: how to open it */
	bool huge;	   /* on hugetlbfs */
	int fd;		   /* pages.c: the object */
};

/* A file behind mappings. Looked up for each mapping, opened once. */
struct mapped_file {
	dev_t dev;
	uint64_t ino;
	const char *path;
	uint32_t access; /* O_RDONLY or O_RDWR */
	uint32_t id;
};

/* What several tasks may have mapped. */
struct shmems {
	struct shmem *objs;
	size_t nr;
	struct mapped_file *files;
	size_t nr_files;
	struct task **spaces; /* tasks, ordered by kcmp(2) of their memory */
	size_t nr_spaces;
	unsigned int node_words; /* mm_modes.c */
	struct sysv *sysvs;	 /* vma-sysv.c */
	size_t nr_sysvs;
};

/* ctx->shmems, made at the first call. */
struct shmems *shmems_of(struct dump_ctx *ctx);

/* Fills t->vmas from smaps. */
int vmas_look(struct dump_ctx *ctx, struct task *t, struct err *e);

/* Makes v->entry, or refuses the mapping. */
int vma_classify(struct dump_ctx *ctx, struct task *t, struct vma *v, const struct vma_flags *f, struct err *e);

/* The id of the regular file behind a mapping. */
int vma_file(struct dump_ctx *ctx, struct task *t, const struct vma *v, uint32_t access, uint64_t *id_ret,
	     struct err *e);

/* A shared memory object was found, which `where` (below /proc/PID) leads to. Its id, the same each time; max_id at most. */
uint64_t shmem_note(struct dump_ctx *ctx, struct task *t, dev_t dev, ino_t ino, bool huge, const char *where,
		    uint64_t max_id);

/* Opens it to be read. */
int shmem_open(const struct task *t, const char *where);

/* MAP_HUGE_* and MFD_HUGE_*: the size of the pages. */
uint32_t huge_page_flags(uint64_t size);

/* --- vma-sysv.c ---------------------------------------------------------------------------------------------- */

/* A mapping of a System V segment: refused, or an attachment to be made again. */
int sysv_classify(struct dump_ctx *ctx, struct task *t, const struct vma *v, const struct vma_flags *f, struct err *e);
int sysv_looked(struct dump_ctx *ctx, struct err *e);
int sysv_write(struct dump_ctx *ctx, struct err *e);

/* --- memfd.c ------------------------------------------------------------------------------------------------- */

/* The id of the file entry for mappings of the memfd that `where` (below /proc/PID) leads to, and whether it has F_SEAL_WRITE. */
int memfd_file(struct dump_ctx *ctx, struct task *t, const char *where, uint32_t *id_ret, bool *write_sealed_ret,
	       struct err *e);
/* The same for one that is known to be mapped. */
bool memfd_known(struct dump_ctx *ctx, const struct vma *v, uint32_t *id_ret, bool *write_sealed_ret);

#endif
