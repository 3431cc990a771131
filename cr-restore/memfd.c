// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds, and shared anonymous memory: files in memory without a name. Their content is in a pagemap image; open files and mappings
 * of one inode are opened through one descriptor, which is kept until the seals can be set.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cr-restore/files.h"
#include "memfd.pb-c.h"
#include "restorer/memory.h"

#define NS	    1000000000
#define SEAL_EXEC   0x0020 /* Linux 6.3 */
#define NOEXEC_SEAL 0x0008u
#define EXEC	    0x0010u

struct inode {
	const MemfdInodeEntry *entry;
	int fd;	    /* the one that creating it gave */
	bool given; /* to a task */
};

struct memfds {
	struct inode *inodes;
	size_t nr;
};

static int add_inode(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	struct memfds *s = ctx->files->kind[RESTORE_KIND_memfd];

	*POOL_PUSH(&ctx->pool, s->inodes, s->nr) = (struct inode){ (MemfdInodeEntry *)msg, -1, false };
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

const char *memfd_name(struct restore_ctx *ctx, const FileEntry *f)
{
	const struct inode *inode = find(ctx, f);

	return inode ? inode->entry->name : NULL;
}

/* --- content ------------------------------------------------------------------------------------------------ */

/* Written through a mapping: hugetlbfs knows no write(2). */
static int fill(struct restore_ctx *ctx, const struct inode *inode, int fd, struct err *e)
{
	_cleanup_img_pagemap_ struct img_pagemap map = { 0 };
	_cleanup_close_ int pages = -1;
	uint64_t size = ALIGN_UP(inode->entry->size, IMG_PAGE_SIZE);
	char *mem;
	int ret = 0;

	if (!size)
		return 0;
	if (page_map_load(ctx, IMG_SHMEM_PAGEMAP, inode->entry->shmid, &map, e) || page_map_open(ctx, &map, &pages, e))
		return -1;
	if (!map.nr_runs)
		return 0;
	if (map.runs[map.nr_runs - 1].addr + map.runs[map.nr_runs - 1].nr * IMG_PAGE_SIZE > size)
		return err_set(e, 0, "pagemap-shmem-%u.img has pages behind its end", inode->entry->shmid);
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (mem == MAP_FAILED)
		return err_set(e, errno, "cannot map it");
	for (size_t i = 0; i < map.nr_runs && !ret; i++) {
		const struct img_run *r = &map.runs[i];

		ret = page_map_read(ctx, &map, pages, mem + r->addr, r->nr * IMG_PAGE_SIZE, r->off, e);
		ctx->pages_restored += r->nr;
	}
	munmap(mem, size);
	return ret;
}

/* --- the inode ---------------------------------------------------------------------------------------------- */

/* Shared anonymous memory is no memfd by name. CRIU's images tell it only by the name that such memory has in /proc. */
static bool is_anonymous(const MemfdInodeEntry *r)
{
	if (r->has_anonymous)
		return r->anonymous;
	return !strcmp(r->name, "/dev/zero") && r->seals == F_SEAL_SEAL && !r->has_mtime;
}

static int open_anonymous(const MemfdInodeEntry *r, struct err *e)
{
	uint64_t size = r->size ? ALIGN_UP(r->size, IMG_PAGE_SIZE) : IMG_PAGE_SIZE;
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char path[96];
	int fd;

	if (mem == MAP_FAILED)
		return err_set(e, errno, "cannot map %lu bytes of shared memory", size);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (uint64_t)mem, (uint64_t)mem + size);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		err_set(e, errno, "cannot open %s", path);
		err_hint(e, "opening map_files needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN");
	}
	munmap(mem, size);
	return fd;
}

/*
 * Without MFD_ALLOW_SEALING a memfd has the one seal F_SEAL_SEAL from the start. Whether it may be executed is said on kernels that
 * know (Linux 6.3), since what happens otherwise is up to vm.memfd_noexec.
 */
static int open_memfd(const MemfdInodeEntry *r, struct err *e)
{
	unsigned int flags = MFD_CLOEXEC | (r->seals == F_SEAL_SEAL ? 0 : MFD_ALLOW_SEALING);
	int fd;

	if (r->has_hugetlb_flag)
		flags |= MFD_HUGETLB | r->hugetlb_flag;
	fd = memfd_create(r->name, flags | (r->seals & SEAL_EXEC ? NOEXEC_SEAL : EXEC));
	if (fd < 0 && errno == EINVAL && !(r->seals & SEAL_EXEC))
		fd = memfd_create(r->name, flags);
	if (fd < 0)
		err_set(e, errno, "cannot create it");
	return fd;
}

static int set_attributes(const MemfdInodeEntry *r, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_set(e, errno, "cannot stat it");
	if ((uint64_t)st.st_size != r->size && ftruncate(fd, r->size))
		return err_set(e, errno, "cannot set its size to %lu", r->size);
	if ((st.st_uid != r->uid || st.st_gid != r->gid) && fchown(fd, r->uid, r->gid))
		return err_set(e, errno, "cannot set its owner to %u:%u", r->uid, r->gid);
	if (r->has_mode && (st.st_mode ^ r->mode) & 07777 && fchmod(fd, r->mode & 07777))
		return err_set(e, errno, "cannot set its mode to %o", r->mode & 07777);
	return 0;
}

static int seal(const MemfdInodeEntry *r, int fd, struct err *e)
{
	if (r->seals != F_SEAL_SEAL && r->seals && fcntl(fd, F_ADD_SEALS, r->seals))
		return err_set(e, errno, "cannot seal the memfd %s (%#x)", r->name, r->seals);
	return 0;
}

/*
 * Under F_SEAL_WRITE there is no mapping that could write, and kernels since 6.7 allow others if it is sealed before.
 * Under F_SEAL_FUTURE_WRITE older mappings still can.
 */
static bool sealed_late(const MemfdInodeEntry *r)
{
	return r->seals & F_SEAL_FUTURE_WRITE && !(r->seals & F_SEAL_WRITE);
}

static int create(struct restore_ctx *ctx, struct inode *inode, struct err *e)
{
	const MemfdInodeEntry *r = inode->entry;
	_cleanup_close_ int fd = is_anonymous(r) ? open_anonymous(r, e) : open_memfd(r, e);

	if (fd < 0 || set_attributes(r, fd, e) || fill(ctx, inode, fd, e) || (!sealed_late(r) && seal(r, fd, e)))
		return err_in(e, "memfd %s", r->name);
	inode->fd = take_fd(fd);
	return 0;
}

/* --- open files --------------------------------------------------------------------------------------------- */

/*
 * The descriptor that memfd_create(2) gave does not count as that of a writer, while one that is opened later does, and keeps everybody
 * from executing the file. So the first open file that can be that one is, and all writable mappings are made through it.
 */
static bool is_first(const struct inode *inode, const FileEntry *f, bool held)
{
	if (!held)
		return true;
	return !inode->given && (f->memfd->flags & (O_ACCMODE | O_PATH)) == O_RDWR;
}

static int open_path(int fd, int *fd_ret, struct err *e)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*fd_ret = open(path, O_PATH | O_CLOEXEC);
	return *fd_ret < 0 ? err_set(e, errno, "cannot open it with O_PATH") : 0;
}

static int memfd_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	bool held = files_find(ctx, f->id)->held;
	struct inode *inode = find(ctx, f);
	_cleanup_close_ int fd = -1;

	if (!inode)
		return err_set(e, 0, "no inode %u in memfd.img", f->memfd->inode_id);
	if (inode->fd < 0 && create(ctx, inode, e))
		return -1;
	if (is_first(inode, f, held)) {
		fd = fcntl(inode->fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return err_set(e, errno, "cannot duplicate its descriptor");
		inode->given |= held;
		if (held && file_set_flags(fd, f->memfd->flags, e))
			return -1;
	} else if (f->memfd->flags & O_PATH ? open_path(inode->fd, &fd, e) :
					      file_reopen(inode->fd, f->memfd->flags, &fd, e)) {
		return -1;
	}
	if (f->memfd->pos && lseek(fd, f->memfd->pos, SEEK_SET) < 0)
		return err_set(e, errno, "cannot set the offset to %lu", f->memfd->pos);
	*fd_ret = take_fd(fd);
	return 0;
}

static int set_times(const MemfdInodeEntry *r, int fd, struct err *e)
{
	const struct timespec times[] = {
		{ r->atime / NS, r->atime % NS },
		{ r->mtime / NS, r->mtime % NS },
	};

	if (r->has_atime && r->has_mtime && futimens(fd, times))
		return err_set(e, errno, "cannot set the times of the memfd %s", r->name);
	return 0;
}

static int memfd_settle(struct restore_ctx *ctx, struct err *e)
{
	struct memfds *s = ctx->files->kind[RESTORE_KIND_memfd];

	for (size_t i = 0; i < s->nr; i++) {
		struct inode *inode = &s->inodes[i];

		if (inode->fd < 0)
			continue;
		if ((sealed_late(inode->entry) && seal(inode->entry, inode->fd, e)) ||
		    set_times(inode->entry, inode->fd, e))
			return -1;
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
