// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vDSO is code of the kernel in the task: the kernel maps it again, at the old address. That is right only if it is the same code, since
 * the task's libraries hold addresses into it; otherwise see vdso_redirect.c.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "restorer/vdso.h"

static void extend(uint64_t *at, uint64_t *size, uint64_t start, uint64_t end)
{
	if (!*size || start < *at)
		*at = start;
	*size += end - start;
}

struct vdso_extent vdso_in_images(const struct rtask *t)
{
	struct vdso_extent x = { 0 };

	for (size_t i = 0; i < t->mm->n_vmas; i++) {
		const VmaEntry *v = t->mm->vmas[i];

		if (v->status & VMA_VDSO)
			extend(&x.vdso, &x.vdso_size, v->start, v->end);
		else if (v->status & VMA_VVAR)
			extend(&x.vvar, &x.vvar_size, v->start, v->end);
	}
	return x;
}

int vdso_of_this_kernel(struct vdso_extent *ret, struct err *e)
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

int vdso_read(struct restore_ctx *ctx, const struct img_pagemap *m, uint64_t addr, void *buf, size_t size,
	      struct err *e)
{
	_cleanup_close_ int fd = -1;
	uint64_t end = addr + size;

	if (page_map_open(ctx, m, &fd, e))
		return -1;
	for (size_t i = img_pagemap_find(m, addr); i < m->nr_runs && m->runs[i].addr < end; i++) {
		const struct img_run *run = &m->runs[i];
		uint64_t from = run->addr > addr ? run->addr : addr;
		uint64_t to = run->addr + run->nr * IMG_PAGE_SIZE < end ? run->addr + run->nr * IMG_PAGE_SIZE : end;

		if (page_map_read(ctx, m, fd, (char *)buf + (from - addr), to - from, run->off + (from - run->addr), e))
			return -1;
	}
	return 0;
}

/* Images may hold the vDSO's pages; then its code can be compared. Missing ones are taken to be as our own. */
static int same_code(struct restore_ctx *ctx, struct rtask *t, const struct vdso_extent *theirs,
		     const struct vdso_extent *ours, bool *ret, struct err *e)
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
	if (vdso_read(ctx, m, theirs->vdso, b, theirs->vdso_size, e))
		return -1;
	*ret = same_image((const char *)ours->vdso, b, ours->vdso_size);
	return 0;
}

int vdso_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct vdso_extent theirs = vdso_in_images(t), ours = { 0 };
	bool same;

	if (!theirs.vdso_size)
		return 0;
	if (vdso_of_this_kernel(&ours, e))
		return -1;
	same = theirs.vdso_size == ours.vdso_size && theirs.vvar_size == ours.vvar_size &&
	       (!theirs.vvar_size || theirs.vvar + theirs.vvar_size == theirs.vdso);
	if (same && same_code(ctx, t, &theirs, &ours, &same, e))
		return -1;
	t->memory->vdso_at = theirs.vvar_size ? theirs.vvar : theirs.vdso;
	t->memory->vdso_size = ours.vvar_size + ours.vdso_size;
	return same && !ctx->opts->vdso_redirect ? 0 : vdso_redirect(ctx, t, &theirs, &ours, same, e);
}
