/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of one address space or shared object, through the chain of the dumps that they were saved in. */
#ifndef CRKIT_CRIT_PAGESTORE_H
#define CRKIT_CRIT_PAGESTORE_H

#include "crit/source.h"

struct pagestore;

/* Reads a pagemap image (IMG_PAGEMAP by pid, IMG_SHMEM_PAGEMAP by shmid). e->errnum is ENOENT when there is none. */
int pagestore_open(struct pagestore **ret, struct source *s, enum img_id id, unsigned long key, struct err *e);
void pagestore_close(struct pagestore **p);

const struct img_pagemap *pagestore_map(const struct pagestore *p);

/* The pages image, *ret, opened at the first call. Checks that it is as long as the page map needs. */
int pagestore_pages(struct pagestore *p, const struct part **ret, struct err *e);

/*
 * Where the bytes from `addr` on are: *size_ret of them (at most `max`) are alike. Returns 1 with *pages_ret and *at_ret when an
 * image has them; 0 when none has; 2 when they should be in an earlier dump that is not there,
 * or were still to be fetched. -1 on error.
 */
int pagestore_find(struct pagestore *p, uint64_t addr, uint64_t max, const struct part **pages_ret, uint64_t *at_ret,
		   uint64_t *size_ret, struct err *e);

#endif
