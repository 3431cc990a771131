// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds, and shared anonymous memory, which is a file of the same sort without a name of its own. State is in the inode (content, size,
 * owner, mode, seals, times) and in the open files. Mappings have an entry of files.img, too, one for all of an inode.
 * Extended attributes are refused; the inode number changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "cr-dump/files.h"
#include "cr-dump/task.h"
#include "cr-dump/vma.h"
#include "memfd.pb-c.h"

#define PREFIX	"/memfd:"
#define DELETED " (deleted)"
#define ANON	"/dev/zero"

struct inode {
	dev_t dev;
	ino_t ino;
	MemfdInodeEntry *entry;
	uint32_t mapping_id; /* of the file entry that stands for its mappings; 0: not mapped so far */
};

struct memfds {
	struct inode *inodes;
	size_t nr;
};

static bool memfd_claims(const struct fd_facts *f)
{
	return S_ISREG(f->st.st_mode) && (!strncmp(f->link, PREFIX, strlen(PREFIX)) || !strcmp(f->link, ANON DELETED));
}

/* --- the inode ---------------------------------------------------------------------------------------------- */

static struct memfds *memfds_of(struct dump_ctx *ctx)
{
	struct files *fs = files_of(ctx);

	if (!fs->kind[DUMP_KIND_memfd])
		fs->kind[DUMP_KIND_memfd] = pool_alloc(&ctx->pool, sizeof(struct memfds));
	return fs->kind[DUMP_KIND_memfd];
}

static struct inode *find(struct memfds *s, dev_t dev, ino_t ino)
{
	for (size_t i = s->nr; i-- > 0;)
		if (s->inodes[i].ino == ino && s->inodes[i].dev == dev)
			return &s->inodes[i];
	return NULL;
}

/* "/memfd:name (deleted)" */
static char *name_of(struct pool *pool, const char *link)
{
	char *name = pool_str(pool, strncmp(link, PREFIX, strlen(PREFIX)) ? link : link + strlen(PREFIX));
	size_t len = strlen(name), end = strlen(DELETED);

	if (len >= end && !strcmp(name + len - end, DELETED))
		name[len - end] = '\0';
	return name;
}

static uint64_t nanoseconds(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static void fill_times(MemfdInodeEntry *m, const struct stat *st)
{
	PB_SET(m, atime, nanoseconds(&st->st_atim));
	PB_SET(m, mtime, nanoseconds(&st->st_mtim));
}

/* Memory of the fd's own is asked for everything, since the victim's may be open as O_PATH. */
static int fill(struct dump_ctx *ctx, struct task *t, int fd, const char *where, MemfdInodeEntry *m, struct err *e)
{
	struct statfs fs;
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	char names[64];

	if (fstat(fd, &st) || fstatfs(fd, &fs) || seals < 0)
		return err_set(e, errno, "cannot look at the memfd /proc/%d/%s", t->tid, where);
	if (flistxattr(fd, names, sizeof(names)) > 0 && strncmp(names, "security.", 9))
		refuse(ctx, t, NULL, "the memfd %s has extended attributes", m->name);
	m->uid = st.st_uid;
	m->gid = st.st_gid;
	m->size = st.st_size;
	m->seals = seals;
	PB_SET(m, mode, st.st_mode);
	fill_times(m, &st);
	if (fs.f_type == HUGETLBFS_MAGIC)
		PB_SET(m, hugetlb_flag, MFD_HUGETLB | huge_page_flags(st.st_blksize));
	m->shmid = shmem_note(ctx, t, st.st_dev, st.st_ino, fs.f_type == HUGETLBFS_MAGIC, where, UINT32_MAX);
	return 0;
}

/* where: below /proc/PID, what leads to it; link: where that points. */
static int note(struct dump_ctx *ctx, struct task *t, dev_t dev, ino_t ino, const char *where, const char *link,
		struct inode **ret, struct err *e)
{
	struct memfds *s = memfds_of(ctx);
	MemfdInodeEntry *m;

	*ret = find(s, dev, ino);
	if (*ret)
		return 0;
	_cleanup_close_ int fd = shmem_open(t, where);
	if (fd < 0)
		return err_set(e, errno, "cannot open the memfd /proc/%d/%s", t->tid, where);
	m = POOL_MSG(&ctx->pool, MemfdInodeEntry, memfd_inode_entry);
	m->name = name_of(&ctx->pool, link);
	if (strncmp(link, PREFIX, strlen(PREFIX)))
		PB_SET(m, anonymous, true);
	if (fill(ctx, t, fd, where, m, e))
		return -1;
	m->inode_id = s->nr + 1;
	*ret = POOL_PUSH(&ctx->pool, s->inodes, s->nr);
	**ret = (struct inode){ .dev = dev, .ino = ino, .entry = m };
	return 0;
}

/* --- open files --------------------------------------------------------------------------------------------- */

static MemfdFileEntry *file_entry(struct dump_ctx *ctx, FileEntry *fe, const struct inode *inode, uint32_t flags,
				  uint64_t pos, FownEntry *fown)
{
	MemfdFileEntry *r = fe->memfd = POOL_MSG(&ctx->pool, MemfdFileEntry, memfd_file_entry);

	r->id = fe->id;
	r->flags = flags;
	r->pos = pos;
	r->fown = fown;
	r->inode_id = inode->entry->inode_id;
	return r;
}

static int memfd_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	struct inode *inode;
	char where[32];

	snprintf(where, sizeof(where), "fd/%d", f->number);
	if (note(ctx, f->task, f->st.st_dev, f->st.st_ino, where, f->link, &inode, e))
		return -1;
	file_entry(ctx, of->entry, inode, f->flags, f->pos, f->fown);
	return 0;
}

/* Also of a program that was started from a memfd. The path in v->path is escaped, the link is not. */
int memfd_file(struct dump_ctx *ctx, struct task *t, const char *where, uint32_t *id_ret, bool *write_sealed_ret,
	       struct err *e)
{
	struct inode *inode;
	char link[4096];
	struct stat st;
	ssize_t n = readlinkat(t->procfd, where, link, sizeof(link) - 1);

	if (n < 0 || fstatat(t->procfd, where, &st, 0)) {
		err_set(e, errno, "cannot look at /proc/%d/%s", t->tid, where);
		return err_hint(e, "this needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the first user namespace");
	}
	link[n] = '\0';
	if (note(ctx, t, st.st_dev, st.st_ino, where, link, &inode, e))
		return -1;
	if (!inode->mapping_id) {
		FileEntry *fe = files_add_entry(ctx, FD_TYPES__MEMFD);

		inode->mapping_id = fe->id;
		file_entry(ctx, fe, inode, O_RDONLY, 0, POOL_MSG(&ctx->pool, FownEntry, fown_entry));
	}
	*id_ret = inode->mapping_id;
	*write_sealed_ret = inode->entry->seals & F_SEAL_WRITE;
	return 0;
}

/* Most mappings are of memory known already: no system call then. */
bool memfd_known(struct dump_ctx *ctx, const struct vma *v, uint32_t *id_ret, bool *write_sealed_ret)
{
	const struct inode *inode = find(memfds_of(ctx), v->dev, v->ino);

	if (!inode || !inode->mapping_id)
		return false;
	*id_ret = inode->mapping_id;
	*write_sealed_ret = inode->entry->seals & F_SEAL_WRITE;
	return true;
}

static int memfd_write(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	const struct memfds *s = memfds_of(ctx);

	if (!s->nr)
		return 0;
	if (img_create(ctx->images_fd, IMG_MEMFD_INODE, 0, &w, e))
		return -1;
	for (size_t i = 0; i < s->nr; i++)
		if (img_put(w, &s->inodes[i].entry->base, e))
			return -1;
	return img_finish(&w, e);
}

const struct dump_kind dump_memfd = {
	.name = "memfd",
	.type = FD_TYPES__MEMFD,
	.claims = memfd_claims,
	.save = memfd_save,
	.write = memfd_write,
};
