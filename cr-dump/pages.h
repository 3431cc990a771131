/* SPDX-License-Identifier: GPL-2.0-only */
/* From a plan of pages to pagemap and pages images: what pages.c, pages-copy.c and shmem.c share. */
#ifndef CRKIT_DUMP_PAGES_H
#define CRKIT_DUMP_PAGES_H

#include "cr-dump/team.h"
#include "cr-dump/vma.h"

#define PAGE 4096ul

/* Bits of pagemap_entry.flags. */
#define PE_LAZY	   (1u << 1)
#define PE_PRESENT (1u << 2)

struct pages_run {
	uint64_t addr; /* in the task, or in the shared object */
	uint64_t nr;   /* pages */
	uint32_t flags;
};

/* One pair of pagemap and pages images: the private memory of a task or one shared object. */
struct pages_job {
	struct task *task;
	struct shmem *shmem; /* or NULL */
	uint32_t id;	     /* of pages-ID.img */
	struct pages_run *runs;
	size_t nr_runs;
	uint64_t pages;
	uint64_t *guards; /* start and end by turns, of guard pages */
	size_t nr_guards; /* numbers, not pairs */
	bool emulated;	  /* there is no PAGEMAP_SCAN */
};

/* Appends a run, or extends the last one. */
int pages_add(struct pages_job *job, uint64_t addr, uint64_t nr, uint32_t flags, struct err *e);

/* Copies the pages of all jobs into their images. */
int pages_copy(struct dump_ctx *ctx, struct pages_job *jobs, size_t nr_jobs, struct err *e);

/* pages-emulated.c: what ioctl(PAGEMAP_SCAN) does, on a descriptor of /proc/PID/pagemap. -1 and errno, or the number of regions. */
struct kernel_pm_scan_arg;
int pages_emulated_scan(int fd, struct kernel_pm_scan_arg *arg);

/* shmem.c: finds the pages of a shared object, which is opened as job->shmem->fd. */
int shmem_scan(struct pages_job *job, struct err *e);

#endif
