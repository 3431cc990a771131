// SPDX-License-Identifier: GPL-2.0-only
/*
 * System V shared memory that stayed where it was (--external shm[ID] at the dump): it must still be the segment that it was, and
 * is attached again.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "restorer/memory.h"

static const IpcShmEntry *find(const struct restore_ctx *ctx, uint64_t id)
{
	for (size_t i = 0; i < ctx->nr_sysvs; i++)
		if (ctx->sysvs[i]->desc->id == id)
			return ctx->sysvs[i];
	return NULL;
}

static void check_segment(struct restore_ctx *ctx, const IpcShmEntry *r)
{
	static const char hint[] = "only the very segment that the tree had at the dump will do";
	struct shmid_ds ds;

	if (!r->has_external || !r->external)
		problem(ctx, NULL, "the System V segment %u is of an IPC namespace, which this version cannot restore",
			r->desc->id);
	else if (shmctl(r->desc->id, IPC_STAT, &ds))
		problem(ctx, hint, "the System V segment %u (key %#x), which the tree had attached: %s", r->desc->id,
			r->desc->key, strerror(errno));
	else if ((uint32_t)ds.shm_perm.__key != r->desc->key || ds.shm_segsz != r->size)
		problem(ctx, hint,
			"the System V segment %u has the key %#x and %zu bytes now; the tree's had %#x and %lu",
			r->desc->id, ds.shm_perm.__key, ds.shm_segsz, r->desc->key, r->size);
}

static int load(struct restore_ctx *ctx, uint32_t ns, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int got;

	if (img_open(ctx->images_fd, IMG_IPCNS_SHM, ns, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	while ((got = img_get(r, &msg, e)) > 0) {
		*POOL_PUSH(&ctx->pool, ctx->sysvs, ctx->nr_sysvs) = (IpcShmEntry *)msg;
		if (!((IpcShmEntry *)msg)->in_pagemaps)
			break; /* its content follows: it is not of ours, and is complained of */
		check_segment(ctx, (IpcShmEntry *)msg);
	}
	return got < 0 ? -1 : 0;
}

/* The size of an attachment, which begins with mapping i. */
static uint64_t attached(const MmEntry *mm, size_t i)
{
	const VmaEntry *first = mm->vmas[i], *v = first;
	uint64_t end = first->start;

	for (; i < mm->n_vmas; i++) {
		v = mm->vmas[i];
		if (!(v->status & VMA_SYSVIPC) || v->shmid != first->shmid || v->start != end ||
		    v->pgoff != end - first->start)
			break;
		end = v->end;
	}
	return end - first->start;
}

static uint64_t page_size(const VmaEntry *v)
{
	return v->flags & MAP_HUGETLB ? 1ULL << (v->flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK) : IMG_PAGE_SIZE;
}

static void check_task(struct restore_ctx *ctx, const struct rtask *t)
{
	uint64_t end = 0;

	for (size_t i = 0; i < t->mm->n_vmas; i++) {
		const VmaEntry *v = t->mm->vmas[i];
		const IpcShmEntry *r;

		if (!(v->status & VMA_SYSVIPC) || v->start < end)
			continue;
		r = find(ctx, v->shmid);
		end = v->start + attached(t->mm, i);
		if (!r)
			problem(ctx, NULL, "process %d has the System V segment %lu, which is not in the images",
				t->pid, v->shmid);
		else if (v->pgoff || end - v->start != ALIGN_UP(r->size, page_size(v)))
			problem(ctx, NULL, "process %d: the System V segment %lu does not fit at %#lx", t->pid,
				v->shmid, v->start);
	}
}

static bool has_any(const struct rtask *t)
{
	for (size_t i = 0; t->mm && i < t->mm->n_vmas; i++)
		if (t->mm->vmas[i]->status & VMA_SYSVIPC)
			return true;
	return false;
}

int sysv_plan(struct restore_ctx *ctx, struct err *e)
{
	bool loaded = false;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *t = ctx->tasks[i];

		if (!has_any(t))
			continue;
		if (!loaded && t->core->ids && load(ctx, t->core->ids->ipc_ns_id, e))
			return -1;
		loaded = true;
		check_task(ctx, t);
	}
	return 0;
}

/* The pieces behind the first come with it. */
void sysv_attach(const VmaEntry *v, struct prog *p)
{
	bool readonly = v->has_fdflags && (v->fdflags & O_ACCMODE) == O_RDONLY;

	if (!v->pgoff) {
		PROG(p, SYS_shmat, v->shmid, v->start, readonly ? SHM_RDONLY : 0);
		prog_exact(p, v->start);
	}
	if (v->prot != (readonly ? PROT_READ : PROT_READ | PROT_WRITE))
		PROG(p, SYS_mprotect, v->start, v->end - v->start, v->prot);
}

void sysv_free(struct restore_ctx *ctx)
{
	for (size_t i = 0; i < ctx->nr_sysvs; i++)
		img_free(ctx->sysvs[i]);
	ctx->nr_sysvs = 0;
}
