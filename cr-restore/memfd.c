// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds: files in memory without a name. Their content is in a pagemap image; open files and mappings of one inode are opened
 * through one descriptor, which is kept until the seals can be set.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cr-restore/files.h"
#include "memfd.pb-c.h"
#include "restorer/memory.h"

#define CHUNK (1u << 20)

struct inode {
	const MemfdInodeEntry *entry;
	int fd;
};

struct memfds {
	struct inode *inodes;
	size_t nr;
};

static int add_inode(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct memfds *s = ctx->files->kind[RESTORE_KIND_memfd];

	*POOL_PUSH(&ctx->pool, s->inodes, s->nr) = (struct inode){ (MemfdInodeEntry *)msg, -1 };
	return 0;
}

static int memfd_load(struct restore_ctx *ctx, struct err *e)
{
	ctx->files->kind[RESTORE_KIND_memfd] = pool_alloc(&ctx->pool, sizeof(struct memfds));
	return files_each(ctx, IMG_MEMFD_INODE, add_inode, e);
}

static struct inode *find(struct restore_ctx *ctx, const FileEntry *f)
{
	struct memfds *s = ctx->files->kind[RESTORE_KIND_memfd];

	for (size_t i = 0; i < s->nr; i++)
		if (s->inodes[i].entry->inode_id == f->memfd->inode_id)
			return &s->inodes[i];
	return NULL;
}

static int memfd_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	if (!find(ctx, f))
		problem(ctx, NULL, "memfd %u has no inode in memfd.img", f->memfd->inode_id);
	return 0;
}

/* --- content ------------------------------------------------------------------------------------------------ */

static int copy(int from, uint64_t from_off, int to, uint64_t to_off, uint64_t len, char *buf, struct err *e)
{
	while (len) {
		ssize_t n = pread(from, buf, len < CHUNK ? len : CHUNK, from_off);

		if (n <= 0)
			return err_set(e, n < 0 ? errno : 0, "cannot read its pages from the image");
		if (pwrite(to, buf, n, to_off) != n)
			return err_set(e, errno, "cannot write its pages");
		from_off += n;
		to_off += n;
		len -= n;
	}
	return 0;
}

static int fill(struct restore_ctx *ctx, const struct inode *inode, int fd, struct err *e)
{
	_cleanup_img_pagemap_ struct img_pagemap map = { 0 };
	_cleanup_free_ char *buf = malloc(CHUNK);
	_cleanup_close_ int pages = -1;

	if (!buf)
		return err_nomem(e, "copying a memfd");
	if (page_map_load(ctx, IMG_SHMEM_PAGEMAP, inode->entry->shmid, &map, e) || page_map_open(ctx, &map, &pages, e))
		return -1;
	for (size_t i = 0; i < map.nr_runs; i++) {
		const struct img_run *run = &map.runs[i];

		if (copy(pages, run->off, fd, run->addr, run->nr * IMG_PAGE_SIZE, buf, e))
			return -1;
		ctx->pages_restored += run->nr;
	}
	return 0;
}

static int create(struct restore_ctx *ctx, struct inode *inode, struct err *e)
{
	const MemfdInodeEntry *r = inode->entry;
	unsigned int flags = MFD_CLOEXEC | (r->has_hugetlb_flag ? r->hugetlb_flag : 0);
	_cleanup_close_ int fd = -1;

	/* Without it a memfd has the one seal F_SEAL_SEAL from the start. */
	if (r->seals != F_SEAL_SEAL)
		flags |= MFD_ALLOW_SEALING;
	fd = memfd_create(r->name, flags);
	if (fd < 0)
		return err_set(e, errno, "cannot create the memfd %s", r->name);
	if (ftruncate(fd, r->size) || fchown(fd, r->uid, r->gid) || (r->has_mode && fchmod(fd, r->mode & 07777)))
		return err_set(e, errno, "cannot set size, owner and mode of the memfd %s", r->name);
	if (fill(ctx, inode, fd, e))
		return err_in(e, "memfd %s", r->name);
	inode->fd = take_fd(fd);
	return 0;
}

/* --- open files --------------------------------------------------------------------------------------------- */

static int memfd_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	struct inode *inode = find(ctx, f);
	uint32_t flags = f->memfd->flags;
	_cleanup_close_ int fd = -1;

	if (!inode)
		return err_set(e, 0, "no inode %u in memfd.img", f->memfd->inode_id);
	if (inode->fd < 0 && create(ctx, inode, e))
		return -1;
	/* One that no task has open stands for a mapping, whose flags say what may be done. */
	if (!files_find(ctx, f->id)->held)
		flags = O_RDWR;
	if (file_reopen(inode->fd, flags, &fd, e))
		return -1;
	if (f->memfd->pos && lseek(fd, f->memfd->pos, SEEK_SET) < 0)
		return err_set(e, errno, "cannot set the offset to %lu", f->memfd->pos);
	*fd_ret = take_fd(fd);
	return 0;
}

/* Seals come last: some of them would have kept us from writing, mapping or resizing. */
static int memfd_settle(struct restore_ctx *ctx, struct err *e)
{
	struct memfds *s = ctx->files->kind[RESTORE_KIND_memfd];

	for (size_t i = 0; i < s->nr; i++) {
		struct inode *inode = &s->inodes[i];
		int ret = 0;

		if (inode->fd < 0)
			continue;
		if (inode->entry->seals != F_SEAL_SEAL && inode->entry->seals)
			ret = fcntl(inode->fd, F_ADD_SEALS, inode->entry->seals);
		if (ret)
			return err_set(e, errno, "cannot seal %s (%#x)", inode->entry->name, inode->entry->seals);
		close(inode->fd);
		inode->fd = -1;
	}
	return 0;
}

const struct restore_kind restore_memfd = {
	.name = "memfd",
	.type = FD_TYPES__MEMFD,
	.load = memfd_load,
	.check = memfd_check,
	.make = memfd_make,
	.settle = memfd_settle,
};
