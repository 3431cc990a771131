// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies pages from tasks and shared objects into images, by several threads. A unit of work fits into the CPU's cache, so that what was
 * read is still there when it is written; while one thread writes, which the file system lets only one do, another reads.
 *
 * Memory is read through /proc/PID/mem. process_vm_readv(2) would do it with fewer calls, but it pins the pages, and to pin a page that
 * is shared since a fork the kernel first makes a copy of it: a dump would undo the sharing, at a page of memory each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"
#include "cr-dump/pages.h"

#define UNIT_PAGES 128
#define FEW_PAGES  512 /* not worth a thread */

struct unit {
	const struct pages_job *job;
	size_t run;    /* begins in this run */
	uint64_t skip; /* after so many pages of it */
	uint64_t at;   /* page number in the image */
	uint64_t pages;
};

struct copying {
	struct dump_ctx *ctx;
	struct unit *units;
	size_t nr_units;
	uint64_t pages; /* of all */
	struct progress progress;
};

static void cut(struct copying *c, const struct pages_job *job)
{
	uint64_t at = 0, skip = 0;
	size_t run = 0;

	while (at < job->pages) {
		uint64_t left = job->pages - at, pages = left < UNIT_PAGES ? left : UNIT_PAGES;

		c->units[c->nr_units++] = (struct unit){ job, run, skip, at, pages };
		at += pages;
		for (skip += pages; run < job->nr_runs && skip >= job->runs[run].nr; run++)
			skip -= job->runs[run].nr;
	}
}

static int read_error(const struct pages_job *job, uint64_t addr, ssize_t got, struct err *e)
{
	int errnum = got < 0 ? errno : 0;

	if (job->shmem)
		return err_set(e, errnum, "cannot read shared memory object %lu at %#lx", job->shmem->id, addr);
	return err_set(e, errnum, "cannot read the memory of process %d at %#lx", job->task->pid, addr);
}

/* From an open file: /proc/PID/mem, which disregards access rights, or a shared object. */
static int read_at(const struct pages_job *job, int fd, char *buf, uint64_t size, uint64_t addr, struct err *e)
{
	while (size) {
		ssize_t n = pread(fd, buf, size, addr);

		if (n < 0 && errno == EINTR)
			continue;
		if (!n && job->shmem) { /* its size need not be a whole number of pages */
			memset(buf, 0, size);
			return 0;
		}
		if (n <= 0)
			return read_error(job, addr, n, e);
		buf += n;
		addr += n;
		size -= n;
	}
	return 0;
}

static int read_unit(const struct unit *u, int fd, char *buf, struct err *e)
{
	const struct pages_run *r = &u->job->runs[u->run];
	uint64_t skip = u->skip, left = u->pages;

	for (; left; r++, skip = 0) {
		uint64_t pages = r->nr - skip < left ? r->nr - skip : left;

		if (read_at(u->job, fd, buf, pages * PAGE, r->addr + skip * PAGE, e))
			return -1;
		buf += pages * PAGE;
		left -= pages;
	}
	return 0;
}

static int write_error(const struct copying *c, int errnum, const char *name, struct err *e)
{
	err_set(e, errnum, "cannot write %s", name);
	if (errnum == ENOSPC || errnum == EDQUOT)
		err_hint(e, "the memory of the tree takes %lu MiB; choose another directory with -D",
			 c->pages * PAGE >> 20);
	return -1;
}

static int write_all(const struct copying *c, int fd, const char *buf, size_t size, uint64_t at, const char *name,
		     struct err *e)
{
	while (size) {
		ssize_t n = pwrite(fd, buf, size, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return write_error(c, n < 0 ? errno : ENOSPC, name, e);
		buf += n;
		at += n;
		size -= n;
	}
	return 0;
}

/* Made by whoever copies the only unit, or before the copying when there are several or none. */
static int open_pages(struct dump_ctx *ctx, const struct pages_job *job, bool make, char *name, size_t size,
		      struct err *e)
{
	int fd;

	img_name(IMG_PAGES, job->id, name, size);
	if (make)
		return img_create_file(ctx->images_fd, name, e);
	fd = openat(ctx->images_fd, name, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "cannot open %s", name) : fd;
}

static bool is_single(const struct pages_job *job)
{
	return job->pages && job->pages <= UNIT_PAGES;
}

/* The task's memory, or the shared object. */
static int open_source(const struct pages_job *job, struct err *e)
{
	int fd = job->shmem ? fcntl(job->shmem->fd, F_DUPFD_CLOEXEC, 3) :
			      openat(job->task->procfd, "mem", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err_set(e, errno, "cannot open the memory of process %d", job->task->pid);
	return fd;
}

static int copy_unit(void *arg, size_t i, char **scratch, struct err *e)
{
	struct copying *c = arg;
	const struct unit *u = &c->units[i];
	_cleanup_close_ int from = open_source(u->job, e);
	char name[64];

	if (from < 0)
		return -1;
	if (!*scratch)
		*scratch = malloc(UNIT_PAGES * PAGE);
	if (!*scratch)
		return err_nomem(e, "copying pages");
	_cleanup_close_ int to = open_pages(c->ctx, u->job, is_single(u->job), name, sizeof(name), e);
	if (to < 0 || read_unit(u, from, *scratch, e))
		return -1;
	if (write_all(c, to, *scratch, u->pages * PAGE, u->at * PAGE, name, e))
		return -1;
	progress_add(&c->progress, u->pages * PAGE);
	return fault_strikes(c->ctx->opts->fault, FAULT_PAGES, e);
}

static int make_images(struct dump_ctx *ctx, const struct pages_job *jobs, size_t nr_jobs, struct err *e)
{
	char name[64];

	for (size_t i = 0; i < nr_jobs; i++) {
		if (is_single(&jobs[i]))
			continue;
		_cleanup_close_ int fd = open_pages(ctx, &jobs[i], true, name, sizeof(name), e);
		if (fd < 0)
			return -1;
	}
	return 0;
}

int pages_copy(struct dump_ctx *ctx, struct pages_job *jobs, size_t nr_jobs, struct err *e)
{
	struct copying c = { .ctx = ctx };
	uint64_t units = 0;
	int ret;

	for (size_t i = 0; i < nr_jobs; i++) {
		c.pages += jobs[i].pages;
		units += (jobs[i].pages + UNIT_PAGES - 1) / UNIT_PAGES;
	}
	_cleanup_free_ struct unit *list = malloc(units * sizeof(*list) + 1);
	if (!list)
		return err_nomem(e, "the plan of copying pages");
	c.units = list;
	for (size_t i = 0; i < nr_jobs; i++)
		cut(&c, &jobs[i]);
	if (make_images(ctx, jobs, nr_jobs, e))
		return -1;
	progress_begin(&c.progress, "saving memory", c.pages * PAGE);
	ret = parallel(c.nr_units, c.pages > FEW_PAGES, copy_unit, &c, e);
	progress_end(&c.progress);
	return ret;
}
