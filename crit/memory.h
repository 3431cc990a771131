/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of a task as its checkpoint has it: mappings, and where the bytes of each page are. */
#ifndef CRKIT_CRIT_MEMORY_H
#define CRKIT_CRIT_MEMORY_H

#include "crit/source.h"
#include "mm.pb-c.h"

struct memory;

/* Where the bytes of a stretch of memory are. */
enum extent_kind {
	EXTENT_IMAGE, /* in the images */
	EXTENT_ZERO,  /* nowhere: they are zeroes, never touched */
	EXTENT_FILE,  /* in the mapped file, unchanged: not in the checkpoint */
	EXTENT_LOST, /* the images do not have them, though they are no zeroes: the vDSO, System V memory, a device, a missing parent */
};

/* A stretch of one mapping whose bytes are in one place, one behind the other. */
struct extent {
	uint64_t addr, size; /* bytes */
	enum extent_kind kind;
	const VmaEntry *vma;
	const struct part *pages; /* EXTENT_IMAGE: where; it belongs to the memory */
	uint64_t at;		  /* EXTENT_IMAGE: offset in it. EXTENT_FILE: offset in the file vma->shmid */
	bool shared; /* these are pages, also untouched ones, of the shared object `object`, from `object_at` on */
	uint64_t object, object_at;
};

/* The memory of the task `pid`. *ret is NULL for a task that has none: it is dead. */
int memory_open(struct memory **ret, struct source *s, uint32_t pid, struct err *e);
void memory_close(struct memory **m);
#define _cleanup_memory_ __attribute__((cleanup(memory_close)))

const MmEntry *memory_mm(const struct memory *m);

/* All mappings, in order of address; none is empty, none overlaps another. */
VmaEntry *const *memory_vmas(const struct memory *m, size_t *nr_ret);

/* The mapping that holds an address, or NULL. */
const VmaEntry *memory_vma(const struct memory *m, uint64_t addr);

/*
 * The extent that begins at `addr` or, where nothing is mapped there, the next one above. Returns 1, 0 when there is none, -1 on
 * error. Walking from 0, each time from addr + size, gives all of the address space.
 */
int memory_extent(struct memory *m, uint64_t addr, struct extent *ret, struct err *e);

/* Is it of an earlier dump that is not there, or was it still to be fetched? What the kernel has at EXTENT_LOST is no loss. */
bool memory_is_missing(const struct extent *x);

/* Reads len bytes. What is not in the images (EXTENT_FILE, EXTENT_LOST) or not mapped is an error that says which address and why. */
int memory_read(struct memory *m, uint64_t addr, void *buf, size_t len, struct err *e);

#endif
