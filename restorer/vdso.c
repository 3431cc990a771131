// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vDSO is code of the kernel in the task: the kernel maps it again, at the old address. That is right only if it is the same code, since
 * the task's libraries hold addresses into it.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "restorer/memory.h"

struct extent {
	uint64_t vvar, vvar_size, vdso, vdso_size;
};

static void extend(uint64_t *at, uint64_t *size, uint64_t start, uint64_t end)
{
	if (!*size || start < *at)
		*at = start;
	*size += end - start;
}

static struct extent in_images(const struct rtask *t)
{
	struct extent x = { 0 };

	for (size_t i = 0; i < t->mm->n_vmas; i++) {
		const VmaEntry *v = t->mm->vmas[i];

		if (v->status & VMA_VDSO)
			extend(&x.vdso, &x.vdso_size, v->start, v->end);
		else if (v->status & VMA_VVAR)
			extend(&x.vvar, &x.vvar_size, v->start, v->end);
	}
	return x;
}

static int our_own(struct extent *ret, struct err *e)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	uint64_t start, end;

	if (!f)
		return err_set(e, errno, "cannot open /proc/self/maps");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		if (strstr(line, "[vdso]"))
			extend(&ret->vdso, &ret->vdso_size, start, end);
		else if (strstr(line, "[vvar"))
			extend(&ret->vvar, &ret->vvar_size, start, end);
	}
	return 0;
}

/*
 * Two builds of one kernel differ in notes and in strings that name the build. What the task relies on is code and the addresses of
 * functions: the executable sections and the dynamic symbols.
 */
static bool same_image(const char *a, const char *b, size_t size)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)a;
	const Elf64_Shdr *sh = (const Elf64_Shdr *)(a + eh->e_shoff);

	if (memcmp(a, b, sizeof(*eh)) || eh->e_shoff > size || eh->e_shnum > (size - eh->e_shoff) / sizeof(*sh))
		return false;
	for (int i = 0; i < eh->e_shnum; i++) {
		if (!(sh[i].sh_flags & SHF_EXECINSTR) && sh[i].sh_type != SHT_DYNSYM)
			continue;
		if (sh[i].sh_offset > size || sh[i].sh_size > size - sh[i].sh_offset ||
		    memcmp(a + sh[i].sh_offset, b + sh[i].sh_offset, sh[i].sh_size))
			return false;
	}
	return true;
}

/* The pages of the vDSO that the images hold; missing ones are as our own. */
static int read_theirs(struct restore_ctx *ctx, const struct img_pagemap *m, const struct extent *theirs, char *image,
		       struct err *e)
{
	_cleanup_close_ int fd = -1;

	if (page_map_open(ctx, m, &fd, e))
		return -1;
	for (size_t i = 0; i < m->nr_runs; i++)
		for (uint64_t n = 0; n < m->runs[i].nr; n++) {
			uint64_t addr = m->runs[i].addr + n * IMG_PAGE_SIZE;

			if (addr < theirs->vdso || addr >= theirs->vdso + theirs->vdso_size)
				continue;
			if (pread(fd, image + (addr - theirs->vdso), IMG_PAGE_SIZE,
				  m->runs[i].off + n * IMG_PAGE_SIZE) != IMG_PAGE_SIZE)
				return err_set(e, errno, "cannot read pages-%u.img", m->pages_id);
		}
	return 0;
}

/* Images may hold the vDSO's pages; then its code can be compared. */
static int same_code(struct restore_ctx *ctx, struct rtask *t, const struct extent *theirs, const struct extent *ours,
		     bool *ret, struct err *e)
{
	const struct img_pagemap *m = &t->memory->pages;
	_cleanup_free_ char *b = NULL;

	*ret = true;
	if (!page_map_touches(m, theirs->vdso, theirs->vdso + theirs->vdso_size))
		return 0;
	b = malloc(ours->vdso_size);
	if (!b)
		return err_nomem(e, "the vDSO");
	memcpy(b, (void *)ours->vdso, ours->vdso_size);
	if (read_theirs(ctx, m, theirs, b, e))
		return -1;
	*ret = same_image((const char *)ours->vdso, b, ours->vdso_size);
	return 0;
}

int vdso_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct extent theirs = in_images(t), ours = { 0 };
	bool same;

	if (!theirs.vdso_size)
		return 0;
	if (our_own(&ours, e))
		return -1;
	same = theirs.vdso_size == ours.vdso_size && theirs.vvar_size == ours.vvar_size &&
	       (!theirs.vvar_size || theirs.vvar + theirs.vvar_size == theirs.vdso);
	if (same && same_code(ctx, t, &theirs, &ours, &same, e))
		return -1;
	if (!same)
		problem(ctx,
			"restore on the kernel on which it was dumped; redirecting calls to another vDSO is not supported by this version",
			"process %d has the vDSO of another kernel (%lu+%lu bytes, here %lu+%lu)", t->pid,
			theirs.vvar_size, theirs.vdso_size, ours.vvar_size, ours.vdso_size);
	return 0;
}

uint64_t vdso_start(const struct rtask *t)
{
	struct extent x = in_images(t);

	return x.vvar_size ? x.vvar : x.vdso;
}
