// SPDX-License-Identifier: GPL-2.0-only
/* Shared memory objects, memfds among them: several mappings, of one or many tasks, show parts of them. Saved once, as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cr-dump/pages.h"

static bool is_used(const struct shmems *s, uint64_t id)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->objs[i].id == id)
			return true;
	return false;
}

/* Inode numbers of different filesystems may be equal. */
static uint64_t new_id(const struct dump_ctx *ctx, ino_t ino, uint64_t max)
{
	uint64_t id = ctx->opts->fault == FAULT_HIGH_SHMIDS ? UINT32_MAX : (uint32_t)ino;

	while (!id || is_used(ctx->shmems, id))
		id = id < max ? id + 1 : 1;
	return id;
}

uint64_t shmem_note(struct dump_ctx *ctx, struct task *t, dev_t dev, ino_t ino, bool huge, const char *where,
		    uint64_t max_id)
{
	struct shmems *s = shmems_of(ctx);
	struct shmem *obj;
	uint64_t id;

	for (size_t i = s->nr; i-- > 0;)
		if (s->objs[i].ino == ino && s->objs[i].dev == dev)
			return s->objs[i].id;
	id = new_id(ctx, ino, max_id);
	obj = POOL_PUSH(&ctx->pool, s->objs, s->nr);
	*obj = (struct shmem){ .id = id, .dev = dev, .ino = ino, .task = t, .huge = huge, .fd = -1 };
	snprintf(obj->where, sizeof(obj->where), "%s", where);
	return obj->id;
}

uint32_t huge_page_flags(uint64_t size)
{
	return (uint32_t)(63 - __builtin_clzll(size)) << MAP_HUGE_SHIFT;
}

static bool is_zero(const char *buf, size_t size)
{
	return !buf[0] && !memcmp(buf, buf + 1, size - 1);
}

/*
 * hugetlbfs cannot tell holes from data. Where pages are missing, those that are all zero are taken for them: a restore then needs no
 * more huge pages than there were.
 */
static int scan_huge(struct pages_job *job, struct err *e)
{
	const struct shmem *s = job->shmem;
	struct stat st;

	if (fstat(s->fd, &st))
		return err_set(e, errno, "cannot stat shared memory object %lu", s->id);
	if ((uint64_t)st.st_blocks * 512 >= (uint64_t)st.st_size)
		return st.st_size ? pages_add(job, 0, st.st_size / PAGE, PE_PRESENT, e) : 0;
	_cleanup_free_ char *buf = malloc(st.st_blksize);
	if (!buf)
		return err_nomem(e, "a huge page");
	for (off_t at = 0; st.st_blocks && at < st.st_size; at += st.st_blksize) {
		if (pread_all(s->fd, buf, st.st_blksize, at) != st.st_blksize)
			return err_set(e, errno, "cannot read shared memory object %lu at %ld", s->id, at);
		if (!is_zero(buf, st.st_blksize) && pages_add(job, at, st.st_blksize / PAGE, PE_PRESENT, e))
			return -1;
	}
	return 0;
}

/* Reading would set the access time, were it not for O_NOATIME, which not everybody may use. */
int shmem_open(const struct task *t, const char *where)
{
	int fd = openat(t->procfd, where, O_RDONLY | O_CLOEXEC | O_NOATIME);

	return fd >= 0 || errno != EPERM ? fd : openat(t->procfd, where, O_RDONLY | O_CLOEXEC);
}

/* Also what is mapped nowhere any more: a mapping can grow over it by mremap(2). */
int shmem_scan(struct pages_job *job, struct err *e)
{
	struct shmem *s = job->shmem;
	off_t data, hole = 0;

	s->fd = shmem_open(s->task, s->where);
	if (s->fd < 0)
		return err_set(e, errno, "cannot open shared memory by /proc/%d/%s", s->task->tid, s->where);
	if (s->huge)
		return scan_huge(job, e);
	while ((data = lseek(s->fd, hole, SEEK_DATA)) >= 0) {
		hole = lseek(s->fd, data, SEEK_HOLE);
		if (hole < 0)
			break;
		if (pages_add(job, data, (hole - data + PAGE - 1) / PAGE, PE_PRESENT, e))
			return -1;
	}
	if (errno != ENXIO) /* no more data */
		return err_set(e, errno, "cannot find the data of shared memory object %lu", s->id);
	return 0;
}
