// SPDX-License-Identifier: GPL-2.0-only
/*
 * System V shared memory, which belongs to the IPC namespace and not to the tree: refused, unless --external says that the segment
 * stays where it is, with its content, and is attached again. Lost: who attached it last, and when.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "cr-dump/files.h"
#include "cr-dump/task.h"
#include "cr-dump/vma.h"

#ifndef SHM_DEST
#define SHM_DEST 01000 /* it goes with its last process */
#endif

struct sysv {
	IpcShmEntry *entry;
	struct task *task; /* who was found to have it first */
	uint64_t mapped;   /* bytes of an attachment */
	uint64_t here;	   /* mappings of it in the tree, which is how the kernel counts */
	uint64_t all;
	bool named, going;
};

static struct sysv *find(const struct shmems *s, uint32_t id)
{
	for (size_t i = s->nr_sysvs; i-- > 0;)
		if (s->sysvs[i].entry->desc->id == id)
			return &s->sysvs[i];
	return NULL;
}

static void fill(struct dump_ctx *ctx, IpcShmEntry *r, uint32_t id, const struct shmid_ds *ds)
{
	IpcDescEntry *d = r->desc = POOL_MSG(&ctx->pool, IpcDescEntry, ipc_desc_entry);

	d->id = id;
	d->key = ds->shm_perm.__key;
	d->uid = ds->shm_perm.uid;
	d->gid = ds->shm_perm.gid;
	d->cuid = ds->shm_perm.cuid;
	d->cgid = ds->shm_perm.cgid;
	d->mode = ds->shm_perm.mode & 0777;
	r->size = ds->shm_segsz;
	PB_SET(r, in_pagemaps, true); /* nothing follows the record */
	PB_SET(r, external, true);
}

static int look(struct dump_ctx *ctx, struct task *t, const struct vma *v, const struct vma_flags *f, struct sysv **ret,
		struct err *e)
{
	struct shmems *s = shmems_of(ctx);
	struct sysv x = { .task = t };
	struct shmid_ds ds;

	*ret = find(s, v->ino);
	if (*ret)
		return 0;
	if (shmctl(v->ino, IPC_STAT, &ds))
		return err_set(e, errno, "cannot look at the System V segment %lu", v->ino);
	x.entry = POOL_MSG(&ctx->pool, IpcShmEntry, ipc_shm_entry);
	fill(ctx, x.entry, v->ino, &ds);
	x.mapped = ALIGN_UP(x.entry->size, f->huge_page ? f->huge_page : IMG_PAGE_SIZE);
	x.all = ds.shm_nattch;
	x.going = ds.shm_perm.mode & SHM_DEST;
	x.named = external_named(ctx, "shm[%u]", x.entry->desc->id) ||
		  (x.entry->desc->key && external_named(ctx, "shm[0x%x]", x.entry->desc->key)) ||
		  (x.entry->desc->key && external_named(ctx, "shm[0x%08x]", x.entry->desc->key));
	*ret = POOL_PUSH(&ctx->pool, s->sysvs, s->nr_sysvs);
	**ret = x;
	return 0;
}

int sysv_classify(struct dump_ctx *ctx, struct task *t, const struct vma *v, const struct vma_flags *f, struct err *e)
{
	struct sysv *s;

	if (look(ctx, t, v, f, &s, e))
		return -1;
	s->here++;
	v->entry->flags |= MAP_ANONYMOUS;
	if (f->huge_page)
		v->entry->flags |= MAP_HUGETLB | huge_page_flags(f->huge_page);
	v->entry->status |= VMA_ANON_SHARED | VMA_SYSVIPC;
	v->entry->shmid = v->ino;
	PB_SET(v->entry, fdflags, f->may_write ? O_RDWR : O_RDONLY);
	if (!s->named)
		refuse(ctx, t,
		       pool_printf(&ctx->pool,
				   "--external shm[%lu] leaves it where it is, for the restore to attach again",
				   v->ino),
		       "mapping %lx-%lx is the System V shared memory segment %lu (key %#x), of an IPC namespace that is not saved with the tree",
		       v->start, v->end, v->ino, s->entry->desc->key);
	return 0;
}

/* An attachment can be cut by mprotect(2), but must be whole: shmat(2) knows nothing else. Returns where it ends in the list. */
static size_t look_attachment(struct dump_ctx *ctx, struct task *t, size_t i)
{
	const struct vma *first = &t->vmas[i];
	const struct sysv *s = find(shmems_of(ctx), first->ino);
	uint64_t next = first->start;

	for (; i < t->nr_vmas; i++) {
		const struct vma *v = &t->vmas[i];

		if (!(v->entry->status & VMA_SYSVIPC) || v->ino != first->ino || v->start != next ||
		    v->pgoff != next - first->start)
			break;
		next = v->end;
	}
	if (s->named && (first->pgoff || next - first->start != s->mapped))
		refuse(ctx, t, NULL,
		       "mapping %lx-%lx is a part of the System V segment %lu, which can only be attached as a whole",
		       first->start, next, first->ino);
	return next == first->start ? i + 1 : i;
}

/* Who removes a segment that is in use removes it when the last process that has it ends; that may be of the tree. */
int sysv_looked(struct dump_ctx *ctx, struct err *e)
{
	const struct shmems *s = shmems_of(ctx);

	for (size_t i = 0; s->nr_sysvs && i < ctx->nr_tasks; i++)
		for (size_t j = 0; j < ctx->tasks[i]->nr_vmas;)
			j = ctx->tasks[i]->vmas[j].entry->status & VMA_SYSVIPC ?
				    look_attachment(ctx, ctx->tasks[i], j) :
				    j + 1;
	for (size_t i = 0; i < s->nr_sysvs; i++) {
		const struct sysv *x = &s->sysvs[i];

		if (x->named && x->all < x->here)
			refuse(ctx, x->task, NULL, "it has a System V segment %u of another IPC namespace",
			       x->entry->desc->id);
		else if (x->named && x->going && x->all == x->here)
			refuse(ctx, x->task, NULL,
			       "the System V segment %u was removed (IPC_RMID): it would be gone with the tree",
			       x->entry->desc->id);
	}
	return 0;
}

int sysv_write(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	const struct shmems *s = shmems_of(ctx);

	if (!s->nr_sysvs)
		return 0;
	if (img_create(ctx->images_fd, IMG_IPCNS_SHM, IPC_NS_ID, &w, e))
		return -1;
	for (size_t i = 0; i < s->nr_sysvs; i++)
		if (img_put(w, &s->sysvs[i].entry->base, e))
			return -1;
	return img_finish(&w, e);
}
