// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared anonymous memory: each object is made once, by the director, as what it was (MAP_SHARED|MAP_ANONYMOUS), and reaches
 * the tasks as a descriptor of itself from /proc/self/map_files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "restorer/memory.h"

struct shmem {
	uint64_t shmid, size;
	int huge; /* MAP_HUGETLB and MAP_HUGE_*, or 0 */
	struct img_pagemap pages;
	int fd; /* -1: not made yet */
};

static struct shmem *find(struct restore_ctx *ctx, uint64_t shmid)
{
	for (size_t i = 0; i < ctx->nr_shmems; i++)
		if (ctx->shmems[i].shmid == shmid)
			return &ctx->shmems[i];
	return NULL;
}

static struct shmem *add(struct restore_ctx *ctx, uint64_t shmid)
{
	struct shmem *s = POOL_PUSH(&ctx->pool, ctx->shmems, ctx->nr_shmems);

	*s = (struct shmem){ .shmid = shmid, .fd = -1 };
	return s;
}

static void note_mapping(struct restore_ctx *ctx, const VmaEntry *v)
{
	struct shmem *s = find(ctx, v->shmid);
	uint64_t end = v->pgoff + (v->end - v->start);

	if (!s)
		s = add(ctx, v->shmid);
	if (s->size < end)
		s->size = end;
	s->huge = v->flags & (MAP_HUGETLB | (uint32_t)MAP_HUGE_MASK << MAP_HUGE_SHIFT);
}

int shmem_plan(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const MmEntry *mm = ctx->tasks[i]->mm;

		for (size_t j = 0; mm && j < mm->n_vmas; j++)
			if (mm->vmas[j]->status & VMA_ANON_SHARED && !(mm->vmas[j]->status & VMA_SYSVIPC))
				note_mapping(ctx, mm->vmas[j]);
	}
	for (size_t i = 0; i < ctx->nr_shmems; i++) {
		struct shmem *s = &ctx->shmems[i];
		const struct img_run *last;

		if (page_map_load(ctx, IMG_SHMEM_PAGEMAP, s->shmid, &s->pages, e)) {
			if (e->errnum != ENOENT)
				return -1;
			continue; /* never touched */
		}
		last = s->pages.nr_runs ? &s->pages.runs[s->pages.nr_runs - 1] : NULL;
		if (last && s->size < last->addr + last->nr * IMG_PAGE_SIZE)
			s->size = last->addr + last->nr * IMG_PAGE_SIZE;
	}
	return 0;
}

static int read_pages(struct restore_ctx *ctx, struct shmem *s, char *mem, struct err *e)
{
	_cleanup_close_ int fd = -1;

	if (!s->pages.nr_runs)
		return 0;
	if (page_map_open(ctx, &s->pages, &fd, e))
		return -1;
	for (size_t i = 0; i < s->pages.nr_runs; i++) {
		const struct img_run *r = &s->pages.runs[i];

		if (page_map_read(ctx, &s->pages, fd, mem + r->addr, r->nr * IMG_PAGE_SIZE, r->off, e))
			return -1;
		ctx->pages_restored += r->nr;
	}
	return 0;
}

static int open_mapping(void *mem, size_t size, int *fd_ret, struct err *e)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (uint64_t)mem, (uint64_t)mem + size);
	*fd_ret = open(path, O_RDWR | O_CLOEXEC);
	if (*fd_ret >= 0)
		return 0;
	err_set(e, errno, "cannot open %s", path);
	return err_hint(e, "opening map_files needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN");
}

static int make(struct restore_ctx *ctx, struct shmem *s, struct err *e)
{
	char *mem = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | s->huge,
			 -1, 0);
	int ret;

	if (mem == MAP_FAILED) {
		err_set(e, errno, "cannot map %lu bytes of shared memory", s->size);
		return s->huge ? err_hint(e, "it needs huge pages: see /proc/sys/vm/nr_hugepages") : -1;
	}
	ret = read_pages(ctx, s, mem, e) || open_mapping(mem, s->size, &s->fd, e) ? -1 : 0;
	munmap(mem, s->size);
	return ret;
}

int shmem_get(struct restore_ctx *ctx, uint64_t shmid, int *fd_ret, struct err *e)
{
	struct shmem *s = find(ctx, shmid);

	if (!s)
		return err_set(e, 0, "no shared memory %lu", shmid);
	if (s->fd < 0 && make(ctx, s, e))
		return err_in(e, "shared memory %lu", shmid);
	*fd_ret = s->fd;
	return 0;
}

void shmem_free(struct restore_ctx *ctx)
{
	for (size_t i = 0; i < ctx->nr_shmems; i++) {
		free(ctx->shmems[i].pages.runs);
		if (ctx->shmems[i].fd >= 0)
			close(ctx->shmems[i].fd);
	}
}
