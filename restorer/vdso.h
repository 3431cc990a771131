/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files vdso*.c share: where vDSOs lie, and their functions. */
#ifndef CRKIT_VDSO_H
#define CRKIT_VDSO_H

#include "restorer/memory.h"

/* A vDSO and the kernel's data in front of it; size 0: there is none. Addresses and bytes. */
struct vdso_extent {
	uint64_t vvar, vvar_size, vdso, vdso_size;
};

struct vdso_extent vdso_in_images(const struct rtask *t);
int vdso_of_this_kernel(struct vdso_extent *ret, struct err *e);

/*
 * Plan: the task keeps the vDSO of its images as ordinary memory, and each function in it will jump to that of this kernel, which
 * goes to a free place. What makes that impossible is told by problem(). same: both have the same code.
 */
int vdso_redirect(struct restore_ctx *ctx, struct rtask *t, const struct vdso_extent *theirs,
		  const struct vdso_extent *ours, bool same, struct err *e);

/* The bytes of [addr, addr + size) from the pages image; those it does not have stay as they are in buf. */
int vdso_read(struct restore_ctx *ctx, const struct img_pagemap *m, uint64_t addr, void *buf, size_t size,
	      struct err *e);

#endif
