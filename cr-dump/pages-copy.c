// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies pages from tasks and shared objects into images, by several threads. A unit of work fits into the CPU's cache, so that what was
 * read is still there when it is written; while one thread writes, which the file system lets only one do, another reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/worker.h"
#include "cr-dump/pages.h"

#define UNIT_PAGES  128
#define MAX_THREADS 8
#define FEW_PAGES   512 /* not worth a thread */

/* --- threads ------------------------------------------------------------------------------------------------ */

struct team {
	int (*fn)(void *arg, size_t i, struct err *e);
	void *arg;
	size_t n, next;
	bool failed;
	pthread_mutex_t lock;
	struct err *e;
};

static void *team_work(void *arg)
{
	struct team *t = arg;
	struct err e;
	size_t i;

	while ((i = __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED)) < t->n && !__atomic_load_n(&t->failed, __ATOMIC_RELAXED)) {
		if (!worker_check(&e) && !t->fn(t->arg, i, &e))
			continue;
		pthread_mutex_lock(&t->lock);
		if (!t->failed)
			*t->e = e;
		__atomic_store_n(&t->failed, true, __ATOMIC_RELAXED);
		pthread_mutex_unlock(&t->lock);
	}
	return NULL;
}

int parallel(size_t n, bool worthwhile, int (*fn)(void *arg, size_t i, struct err *e), void *arg, struct err *e)
{
	struct team t = { .fn = fn, .arg = arg, .n = n, .e = e, .lock = PTHREAD_MUTEX_INITIALIZER };
	long cpus = worthwhile ? sysconf(_SC_NPROCESSORS_ONLN) : 1;
	pthread_t threads[MAX_THREADS];
	int nr = 0;

	/* We are one of them ourselves. When no more threads can be had, the others do the work. */
	while (nr + 1 < cpus && nr < MAX_THREADS && (size_t)nr + 1 < n && !pthread_create(&threads[nr], NULL, team_work, &t))
		nr++;
	team_work(&t);
	while (nr > 0)
		pthread_join(threads[--nr], NULL);
	return t.failed ? -1 : 0;
}

/* --- units -------------------------------------------------------------------------------------------------- */

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

/* Whole pages from an open file: /proc/PID/mem, which disregards access rights, or a shared object. */
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

static int read_slowly(const struct pages_job *job, char *buf, const struct iovec *from, int n, struct err *e)
{
	_cleanup_close_ int fd = openat(job->task->procfd, "mem", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "cannot open /proc/%d/mem", job->task->pid);
	for (int i = 0; i < n; buf += from[i++].iov_len)
		if (read_at(job, fd, buf, from[i].iov_len, (uintptr_t)from[i].iov_base, e))
			return -1;
	return 0;
}

static int read_unit(const struct unit *u, char *buf, struct err *e)
{
	struct iovec from[UNIT_PAGES], to = { buf, u->pages * PAGE };
	const struct pages_run *r = &u->job->runs[u->run];
	uint64_t skip = u->skip, left = u->pages;
	bool unreadable = false;
	int n = 0;

	for (; left; r++, skip = 0) {
		uint64_t pages = r->nr - skip < left ? r->nr - skip : left;

		from[n++] = (struct iovec){ (void *)(r->addr + skip * PAGE), pages * PAGE };
		unreadable |= r->unreadable;
		left -= pages;
	}
	if (u->job->shmem) {
		for (int i = 0; i < n; buf += from[i++].iov_len)
			if (read_at(u->job, u->job->shmem->fd, buf, from[i].iov_len, (uintptr_t)from[i].iov_base, e))
				return -1;
		return 0;
	}
	if (!unreadable && process_vm_readv(u->job->task->pid, &to, 1, from, n, 0) == (ssize_t)to.iov_len)
		return 0;
	return read_slowly(u->job, buf, from, n, e);
}

static int write_all(int fd, const char *buf, size_t size, uint64_t at, const char *name, struct err *e)
{
	while (size) {
		ssize_t n = pwrite(fd, buf, size, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, n < 0 ? errno : ENOSPC, "cannot write %s", name);
		buf += n;
		at += n;
		size -= n;
	}
	return 0;
}

/* Made by whoever copies the only unit, or before the copying when there are several or none. */
static int open_pages(struct dump_ctx *ctx, const struct pages_job *job, bool make, char *name, size_t size, struct err *e)
{
	int flags = O_WRONLY | O_CLOEXEC | (make ? O_CREAT | O_TRUNC : 0);
	int fd = openat(ctx->images_fd, img_name(IMG_PAGES, job->id, name, size), flags, 0600);

	if (fd < 0)
		err_set(e, errno, "cannot %s %s", make ? "create" : "open", name);
	return fd;
}

static bool is_single(const struct pages_job *job)
{
	return job->pages && job->pages <= UNIT_PAGES;
}

static int copy_unit(void *arg, size_t i, struct err *e)
{
	struct copying *c = arg;
	const struct unit *u = &c->units[i];
	_cleanup_free_ char *buf = malloc(u->pages * PAGE);
	char name[64];

	if (!buf)
		return err_nomem(e, "copying pages");
	_cleanup_close_ int fd = open_pages(c->ctx, u->job, is_single(u->job), name, sizeof(name), e);
	if (fd < 0 || read_unit(u, buf, e))
		return -1;
	return write_all(fd, buf, u->pages * PAGE, u->at * PAGE, name, e);
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
	uint64_t pages = 0, units = 0;

	for (size_t i = 0; i < nr_jobs; i++) {
		pages += jobs[i].pages;
		units += (jobs[i].pages + UNIT_PAGES - 1) / UNIT_PAGES;
	}
	_cleanup_free_ struct unit *list = malloc(units * sizeof(*list) + 1);
	if (!list)
		return err_nomem(e, "the plan of copying pages");
	c.units = list;
	for (size_t i = 0; i < nr_jobs; i++)
		cut(&c, &jobs[i]);
	return make_images(ctx, jobs, nr_jobs, e) ? -1 : parallel(c.nr_units, pages > FEW_PAGES, copy_unit, &c, e);
}
