// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages are to be saved, as PAGEMAP_SCAN tells it: of private mappings those that are the task's own (not of the file behind,
 * not the page of zeros). Address space that was never used costs nothing. Guard pages hold nothing, but are noted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"
#include "base/kernel.h"
#include "base/worker.h"
#include "cr-dump/pages.h"
#include "pagemap.pb-c.h"

#define REGIONS	  512
#define MANY_JOBS 8

int pages_add(struct pages_job *job, uint64_t addr, uint64_t nr, uint32_t flags, struct err *e)
{
	struct pages_run *last = job->nr_runs ? &job->runs[job->nr_runs - 1] : NULL;

	job->pages += nr;
	if (last && last->addr + last->nr * PAGE == addr && last->flags == flags) {
		last->nr += nr;
		return 0;
	}
	if (!(job->nr_runs & (job->nr_runs - 1))) {
		struct pages_run *bigger = realloc(job->runs, (job->nr_runs ? 2 * job->nr_runs : 1) * sizeof(*bigger));

		if (!bigger)
			return err_nomem(e, "the list of pages");
		job->runs = bigger;
	}
	job->runs[job->nr_runs++] = (struct pages_run){ addr, nr, flags };
	return 0;
}

/* The list of guards is as long as the kernel's own answer, so it grows like that of pages. */
static int add_guard(struct pages_job *job, uint64_t start, uint64_t end, struct err *e)
{
	if (job->nr_guards && job->guards[job->nr_guards - 1] == start) {
		job->guards[job->nr_guards - 1] = end;
		return 0;
	}
	if (!(job->nr_guards & (job->nr_guards - 1))) {
		uint64_t *bigger = realloc(job->guards, (job->nr_guards ? 2 * job->nr_guards : 2) * sizeof(*bigger));

		if (!bigger)
			return err_nomem(e, "the list of guard pages");
		job->guards = bigger;
	}
	job->guards[job->nr_guards++] = start;
	job->guards[job->nr_guards++] = end;
	return 0;
}

static bool is_scanned(const struct vma *v)
{
	if (v->entry->status & VMA_AIORING)
		return false;
	if (v->may_guard)
		return true; /* also shared memory; its pages are none of the task's own */
	return v->entry->status & (VMA_ANON_PRIVATE | VMA_FILE_PRIVATE) && !(v->entry->status & VMA_KERNEL) &&
	       !(v->entry->flags & KERNEL_MAP_DROPPABLE);
}

/* Pages that a restore may fetch later are marked: plain anonymous memory. */
static uint32_t page_flags(const struct vma *v)
{
	if (v->entry->status & VMA_ANON_PRIVATE && !(v->entry->flags & (MAP_LOCKED | MAP_HUGETLB)))
		return PE_PRESENT | PE_LAZY;
	return PE_PRESENT;
}

/* The part of a region of pages in each of the mappings vmas[*at..end); *at moves on, as regions come in address order. */
static int add_region(struct pages_job *job, const struct vma *vmas, size_t *at, size_t end, uint64_t from, uint64_t to,
		      struct err *e)
{
	while (*at < end && vmas[*at].end <= from)
		++*at;
	for (size_t i = *at; i < end && vmas[i].start < to; i++) {
		const struct vma *v = &vmas[i];
		uint64_t a = from > v->start ? from : v->start, b = to < v->end ? to : v->end;

		if (pages_add(job, a, (b - a) / PAGE, page_flags(v), e))
			return -1;
	}
	return 0;
}

static int scan(int fd, struct kernel_pm_scan_arg *arg)
{
	int n = ioctl(fd, KERNEL_PAGEMAP_SCAN, arg);

	if (n >= 0 || errno != EINVAL || !arg->return_mask)
		return n;
	arg->return_mask = 0; /* a kernel before 6.15 does not know guard pages, or cannot tell them */
	return ioctl(fd, KERNEL_PAGEMAP_SCAN, arg);
}

/* The mappings vmas[at..end), all to be scanned, and what lies between them. */
static int scan_span(struct pages_job *job, int fd, size_t at, size_t end,
		     int (*scanner)(int fd, struct kernel_pm_scan_arg *arg), struct err *e)
{
	const uint64_t not = KERNEL_PAGE_FILE | KERNEL_PAGE_PFNZERO;
	const struct vma *vmas = job->task->vmas;
	struct kernel_page_region regions[REGIONS];
	struct kernel_pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = vmas[at].start,
		.end = vmas[end - 1].end,
		.vec = (uintptr_t)regions,
		.vec_len = REGIONS,
		.category_inverted = not,
		.category_mask = not,
		.category_anyof_mask = KERNEL_PAGE_PRESENT | KERNEL_PAGE_SWAPPED,
		.return_mask = KERNEL_PAGE_GUARD,
	};

	while (arg.start < arg.end) {
		int n = scanner(fd, &arg);

		if (n < 0)
			return err_set(e, errno, "cannot scan the pages of process %d", job->task->pid);
		for (int i = 0; i < n; i++) {
			const struct kernel_page_region *r = &regions[i];

			if (r->categories & KERNEL_PAGE_GUARD ? add_guard(job, r->start, r->end, e) :
								add_region(job, vmas, &at, end, r->start, r->end, e))
				return -1;
		}
		arg.start = arg.walk_end;
	}
	return 0;
}

/*
 * The mappings vmas[at..end). Where each page of address space costs something, what lies between them is left out, and
 * mappings that are empty, unless they may have guard pages, which do not count.
 */
static int scan_mappings(struct pages_job *job, int fd, size_t at, size_t end, struct err *e)
{
	const struct vma *vmas = job->task->vmas;

	if (!job->emulated && !scan_span(job, fd, at, end, scan, e))
		return 0;
	if (!job->emulated && e->errnum != ENOTTY)
		return -1;
	job->emulated = true;
	for (; at < end; at++)
		if (!(vmas[at].empty && !vmas[at].may_guard) && scan_span(job, fd, at, at + 1, pages_emulated_scan, e))
			return -1;
	return 0;
}

static int scan_task(struct pages_job *job, struct err *e)
{
	_cleanup_close_ int fd = openat(job->task->procfd, "pagemap", O_RDONLY | O_CLOEXEC);
	const struct task *t = job->task;
	size_t i = 0, end;

	if (fd < 0)
		return err_set(e, errno, "cannot open /proc/%d/pagemap", t->tid);
	while (i < t->nr_vmas) {
		const struct vma *v = &t->vmas[i];

		for (end = i; end < t->nr_vmas && is_scanned(&t->vmas[end]);)
			end++;
		if (end > i && scan_mappings(job, fd, i, end, e))
			return -1;
		/*
		 * A restore on another kernel needs the old vDSO to redirect calls that are under way in it. The ring of an I/O
		 * context is a file to the kernel.
		 */
		if (end == i && v->entry->status & (VMA_VDSO | VMA_AIORING) &&
		    pages_add(job, v->start, (v->end - v->start) / PAGE, PE_PRESENT, e))
			return -1;
		i = end > i ? end : i + 1;
	}
	return 0;
}

static int write_pagemap(struct dump_ctx *ctx, const struct pages_job *job, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	PagemapHead head;
	PagemapEntry entry;

	if (job->shmem ? img_create(ctx->images_fd, IMG_SHMEM_PAGEMAP, job->shmem->id, &w, e) :
			 img_create(ctx->images_fd, IMG_PAGEMAP, job->task->pid, &w, e))
		return -1;
	pagemap_head__init(&head);
	head.pages_id = job->id;
	if (img_put(w, &head.base, e))
		return -1;
	pagemap_entry__init(&entry);
	entry.has_flags = entry.has_nr_pages = 1;
	for (size_t i = 0; i < job->nr_runs; i++) {
		const struct pages_run *r = &job->runs[i];

		entry.vaddr = r->addr;
		entry.nr_pages = r->nr;
		entry.compat_nr_pages = r->nr <= UINT32_MAX ? r->nr : 0;
		entry.flags = r->flags;
		if (img_put(w, &entry.base, e))
			return -1;
	}
	return img_finish(&w, e);
}

struct plan {
	struct dump_ctx *ctx;
	struct pages_job *jobs;
	size_t nr_jobs;
};

static int plan_job(void *arg, size_t i, char **scratch, struct err *e)
{
	struct plan *p = arg;
	struct pages_job *job = &p->jobs[i];

	job->emulated = p->ctx->opts->fault == FAULT_NO_PAGEMAP_SCAN;
	if (job->shmem ? shmem_scan(job, e) : scan_task(job, e))
		return job->shmem ? -1 : err_in(e, "pid %d", job->task->pid);
	return write_pagemap(p->ctx, job, e);
}

static void make_jobs(struct dump_ctx *ctx, struct plan *p)
{
	struct shmems *s = shmems_of(ctx);

	p->jobs = pool_alloc(&ctx->pool, (ctx->nr_tasks + s->nr) * sizeof(*p->jobs));
	for (size_t i = 0; i < s->nr; i++)
		p->jobs[p->nr_jobs++] =
			(struct pages_job){ .task = s->objs[i].task, .shmem = &s->objs[i], .id = ctx->next_pages_id++ };
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->state != TASK_DEAD)
			p->jobs[p->nr_jobs++] = (struct pages_job){ .task = ctx->tasks[i], .id = ctx->next_pages_id++ };
}

static void free_jobs(struct plan *p)
{
	for (size_t i = 0; i < p->nr_jobs; i++) {
		if (p->jobs[i].shmem && p->jobs[i].shmem->fd >= 0)
			close(p->jobs[i].shmem->fd);
		free(p->jobs[i].runs);
		free(p->jobs[i].guards);
	}
}

static void take_guards(struct dump_ctx *ctx, const struct plan *p)
{
	for (size_t i = 0; i < p->nr_jobs; i++) {
		const struct pages_job *job = &p->jobs[i];

		if (!job->nr_guards)
			continue;
		job->task->mm->n_guards = job->nr_guards;
		job->task->mm->guards = pool_copy(&ctx->pool, job->guards, job->nr_guards * sizeof(*job->guards));
	}
}

static void count(struct dump_ctx *ctx, const struct plan *p)
{
	for (size_t i = 0; i < p->nr_jobs; i++) {
		const struct pages_job *job = &p->jobs[i];

		if (job->shmem) {
			ctx->shpages_scanned += job->pages;
			ctx->shpages_written += job->pages;
			continue;
		}
		job->task->pages_written = job->pages;
		ctx->pages_scanned += job->pages;
		ctx->pages_written += job->pages;
		log_debug("pid %d: %lu pages in %zu runs go to pages-%u.img", job->task->pid, job->pages, job->nr_runs,
			  job->id);
	}
}

int pages_dump(struct dump_ctx *ctx, struct err *e)
{
	uint64_t start = now_us(), planned;
	struct plan p = { .ctx = ctx };
	int ret;

	make_jobs(ctx, &p);
	ret = parallel(p.nr_jobs, p.nr_jobs >= MANY_JOBS, plan_job, &p, e);
	planned = now_us();
	if (!ret) {
		take_guards(ctx, &p);
		count(ctx, &p);
		ret = pages_copy(ctx, p.jobs, p.nr_jobs, e);
	}
	ctx->memwrite_us = now_us() - planned;
	ctx->memdump_us = now_us() - start;
	free_jobs(&p);
	return ret;
}
