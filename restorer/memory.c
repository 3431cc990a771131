// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes and fills an address space: the task's own agent maps everything at its final address and reads the pages from
 * the image straight into place. See memory.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "cr-restore/agent.h"
#include "restorer/arena.h"
#include "restorer/memory.h"

#define IOVS	      512
#define READ_MAX      (64ul << 20) /* bytes a system call: more is no faster, and a kill should not wait long */
#define ARCH_MAP_VDSO 0x2003

/* A descriptor that the task needs for a mapping, and its number there. */
struct map_fd {
	bool shmem;
	uint64_t id; /* file id or shmid */
	int access;  /* O_RDONLY ... */
	int number;
};

/* One task being filled. */
struct fill {
	struct restore_ctx *ctx;
	struct rtask *t;
	struct memory *m;
	struct prog p;
	struct map_fd *fds;
	size_t nr_fds;
	int pages_number;	/* of the pages file in the task */
	uint64_t pages_at;	/* where the task has it mapped, to compare; 0: nowhere */
	struct iovec iov[IOVS]; /* pages to be read next, one after the other in the file */
	size_t nr_iov;
	uint64_t iov_off, iov_len;
	bool policies_inherited; /* mappings may have the parent's NUMA policies */
};

/* --- programs in pieces ------------------------------------------------------------------------------------- */

/* How many iovecs a read is to fill, which are one after the other in the file. */
static void set_count(const struct fill *f, struct run_op *op)
{
	const struct iovec *iov = prog_local(&f->p, op->arg[1]);
	int64_t bytes = 0;
	uint64_t n = 0;

	while (bytes < op->exact)
		bytes += iov[n++].iov_len;
	op->arg[2] = f->ctx->opts->fault == FAULT_SHORT_READS ? (n + 1) / 2 : n;
}

/* A read may give less than was asked for: then the rest is asked for. */
static bool ask_for_rest(struct fill *f)
{
	struct run_op *op = &f->p.ops[f->p.slot->failed];
	struct iovec *iov;
	uint64_t got;

	if (!run_done(&f->p) || f->p.slot->failed >= f->p.nr || op->nr != SYS_preadv || op->ret <= 0)
		return false;
	progress_add(&f->ctx->progress, op->ret);
	iov = prog_local(&f->p, op->arg[1]);
	for (got = op->ret; got >= iov->iov_len; iov++) {
		got -= iov->iov_len;
		op->arg[1] += sizeof(*iov);
	}
	iov->iov_base = (char *)iov->iov_base + got;
	iov->iov_len -= got;
	op->arg[3] += op->ret;
	op->exact -= op->ret;
	set_count(f, op);
	prog_go_on(&f->p, f->p.slot->failed);
	return true;
}

static int run(struct fill *f, struct err *e)
{
	int ret;

	do {
		if (agent_start(f->ctx, f->t, &f->p, e))
			return -1;
		pthread_mutex_unlock(&f->ctx->lock);
		ret = agent_finish(f->ctx, f->t, &f->p, e);
		pthread_mutex_lock(&f->ctx->lock);
	} while (ret && ask_for_rest(f));
	return ret;
}

static int flush(struct fill *f, struct err *e)
{
	int ret;

	if (!f->p.nr)
		return 0;
	ret = run(f, e);
	for (uint32_t i = 0; !ret && i < f->p.nr; i++)
		if (f->p.ops[i].nr == SYS_preadv) {
			progress_add(&f->ctx->progress, f->p.ops[i].ret);
		} else if (f->p.ops[i].nr == RUN_MERGE) {
			progress_add(&f->ctx->progress, f->p.ops[i].arg[2] * IMG_PAGE_SIZE);
			f->ctx->pages_compared += f->p.ops[i].arg[2];
			f->ctx->pages_skipped_cow += f->p.ops[i].arg[2] - f->p.ops[i].ret;
		}
	agent_begin(f->t, &f->p);
	return ret;
}

static int room(struct fill *f, uint32_t ops, size_t bytes, struct err *e)
{
	return prog_fits(&f->p, ops, bytes) ? 0 : flush(f, e);
}

/* --- descriptors for the mappings --------------------------------------------------------------------------- */

static int access_of(const VmaEntry *v)
{
	return v->has_fdflags ? v->fdflags & O_ACCMODE : O_RDONLY;
}

static bool needs_fd(const VmaEntry *v)
{
	return !(v->status & (VMA_KERNEL | VMA_AIORING | VMA_SYSVIPC)) &&
	       v->status & (VMA_FILE_PRIVATE | VMA_FILE_SHARED | VMA_ANON_SHARED);
}

static struct map_fd *find_fd(struct fill *f, const VmaEntry *v)
{
	bool shmem = v->status & VMA_ANON_SHARED;

	for (size_t i = f->nr_fds; i-- > 0;) {
		struct map_fd *d = &f->fds[i];

		if (d->id == v->shmid && d->shmem == shmem && (shmem || d->access == access_of(v)))
			return d;
	}
	return NULL;
}

static void note_fds(struct fill *f)
{
	for (size_t i = 0; i < f->t->mm->n_vmas; i++) {
		const VmaEntry *v = f->t->mm->vmas[i];

		if (needs_fd(v) && !find_fd(f, v))
			*POOL_PUSH(&f->ctx->pool, f->fds, f->nr_fds) =
				(struct map_fd){ v->status & VMA_ANON_SHARED, v->shmid, access_of(v), -1 };
	}
}

/* A file may be mapped with more access than the descriptor has under which it is known: reopen it. */
static int open_for_mapping(struct fill *f, const struct map_fd *d, int *ret, struct err *e)
{
	char path[32];
	int fd;

	if (d->shmem) {
		if (shmem_get(f->ctx, d->id, &fd, e))
			return -1;
		*ret = dup(fd);
	} else {
		if (files_get(f->ctx, d->id, &fd, e))
			return -1;
		if (!files_path(f->ctx, d->id) && (fcntl(fd, F_GETFL) & O_ACCMODE) == d->access) {
			*ret = dup(fd); /* a memfd: a second writer would keep others from executing it */
			return *ret < 0 ? err_set(e, errno, "cannot duplicate a memfd's descriptor") : 0;
		}
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		*ret = open(path, d->access | O_CLOEXEC);
	}
	if (*ret < 0)
		return err_set(e, errno, "cannot open %s for a mapping",
			       d->shmem ? "shared memory" : files_path(f->ctx, d->id));
	return 0;
}

/* The pages file comes first, as number -1 of the list. */
static int send_batch(struct fill *f, size_t from, size_t n, int pages_fd, struct err *e)
{
	int fds[CHAN_MAX], numbers[CHAN_MAX], ret = 0;
	size_t nr = 0, extra = 0;

	if (pages_fd >= 0)
		fds[nr++] = pages_fd, extra = 1;
	for (size_t i = 0; i < n && !ret; i++) {
		ret = open_for_mapping(f, &f->fds[from + i], &fds[nr], e);
		nr += !ret;
	}
	if (!ret)
		ret = agent_send_fds(f->ctx, f->t, fds, nr, numbers, e);
	for (size_t i = extra; i < nr; i++)
		close(fds[i]);
	if (ret)
		return -1;
	if (extra)
		f->pages_number = numbers[0];
	for (size_t i = 0; i < n; i++)
		f->fds[from + i].number = numbers[extra + i];
	return 0;
}

static int send_fds(struct fill *f, struct err *e)
{
	_cleanup_close_ int pages_fd = -1;
	size_t from = 0;

	note_fds(f);
	if (page_map_open(f->ctx, &f->m->pages, &pages_fd, e))
		return -1;
	do {
		size_t n = f->nr_fds - from < CHAN_MAX - 1 ? f->nr_fds - from : CHAN_MAX - 1;

		if (send_batch(f, from, n, from ? -1 : pages_fd, e))
			return -1;
		from += n;
	} while (from < f->nr_fds);
	agent_begin(f->t, &f->p);
	return 0;
}

/* Only what was sent: other tasks may have the same table, and use it at this moment. */
static int close_fds(struct fill *f, struct err *e)
{
	int first = f->pages_number, last = first;

	for (size_t i = 0; i <= f->nr_fds; i++) {
		int next = i < f->nr_fds ? f->fds[i].number : -1;

		if (first >= 0 && next == last + 1) {
			last = next;
			continue;
		}
		if (room(f, 1, 0, e))
			return -1;
		if (first >= 0)
			PROG(&f->p, SYS_close_range, first, last, 0);
		first = last = next;
	}
	return 0;
}

/* --- mappings ----------------------------------------------------------------------------------------------- */

/* Pages are read into it, so it must be writable until they are there. */
static int fill_prot(const struct fill *f, const VmaEntry *v)
{
	bool private = v->status & (VMA_FILE_PRIVATE | VMA_ANON_PRIVATE);

	if (v->status & VMA_AIORING)
		return PROT_READ | PROT_WRITE;
	return private && page_map_touches(&f->m->pages, v->start, v->end) ? memory_prot(f->t, v) | PROT_WRITE :
									     memory_prot(f->t, v);
}

static int map_segment(struct fill *f, const VmaEntry *v, struct err *e)
{
	if (room(f, SYSV_OPS, 0, e))
		return -1;
	sysv_attach(v, &f->p);
	return 0;
}

static int map_piece(struct fill *f, const VmaEntry *v, uint64_t start, uint64_t end, struct err *e)
{
	uint64_t flags = (v->flags & ~(uint64_t)MAP_LOCKED) | MAP_FIXED, off = 0;
	const struct map_fd *d = needs_fd(v) ? find_fd(f, v) : NULL;

	if (start >= end)
		return 0;
	if (room(f, 1, 0, e))
		return -1;
	if (v->status & VMA_AIORING)
		flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED; /* until aio.c has made the ring */
	if (d) {
		flags &= ~(uint64_t)(MAP_ANONYMOUS | MAP_HUGETLB | (uint32_t)MAP_HUGE_MASK << MAP_HUGE_SHIFT);
		off = v->pgoff + (start - v->start);
	}
	PROG(&f->p, SYS_mmap, start, end - start, fill_prot(f, v), flags, d ? (uint64_t)d->number : -1ULL, off);
	prog_exact(&f->p, start);
	return 0;
}

static int protect(struct fill *f, uint64_t start, uint64_t end, int prot, struct err *e)
{
	if (room(f, 1, 0, e))
		return -1;
	PROG(&f->p, SYS_mprotect, start, end - start, prot);
	return 0;
}

/* What the parent left at this place stays, all else is mapped. *k is the first kept range that may matter. */
static int map_vma(struct fill *f, const VmaEntry *v, size_t *k, struct err *e)
{
	uint64_t at = v->start;

	while (*k < f->m->nr_kept && f->m->kept[*k].end <= v->start)
		(*k)++;
	for (size_t i = *k; i < f->m->nr_kept && f->m->kept[i].start < v->end; i++) {
		const struct kept *kept = &f->m->kept[i];

		if (map_piece(f, v, at, kept->start, e))
			return -1;
		if (kept->prot != fill_prot(f, v) && protect(f, kept->start, kept->end, fill_prot(f, v), e))
			return -1;
		at = kept->end;
	}
	if (v->status & VMA_SYSVIPC ? map_segment(f, v, e) : map_piece(f, v, at, v->end, e))
		return -1;
	if (!v->has_mempolicy && !f->policies_inherited)
		return 0;
	if (room(f, 1, MEMPOLICY_BYTES, e))
		return -1;
	mempolicy_of_mapping(v, &f->p);
	return 0;
}

static int map_all(struct fill *f, struct err *e)
{
	size_t k = 0;

	for (size_t i = 0; i < f->t->mm->n_vmas; i++)
		if (!(f->t->mm->vmas[i]->status & VMA_KERNEL) && map_vma(f, f->t->mm->vmas[i], &k, e))
			return -1;
	if (!f->m->vdso_at)
		return 0;
	if (room(f, 1, 0, e))
		return -1;
	PROG(&f->p, SYS_arch_prctl, ARCH_MAP_VDSO, f->m->vdso_at);
	return 0;
}

/* --- pages -------------------------------------------------------------------------------------------------- */

static int read_iovs(struct fill *f, struct err *e)
{
	size_t bytes = f->nr_iov * sizeof(*f->iov);

	if (!f->nr_iov)
		return 0;
	if (room(f, 1, bytes, e))
		return -1;
	PROG(&f->p, SYS_preadv, f->pages_number, prog_bytes(&f->p, f->iov, bytes), f->nr_iov, f->iov_off, 0);
	prog_exact(&f->p, f->iov_len);
	set_count(f, &f->p.ops[f->p.nr - 1]);
	f->ctx->pages_restored += f->iov_len / IMG_PAGE_SIZE;
	f->nr_iov = 0;
	f->iov_len = 0;
	return 0;
}

static int read_pages(struct fill *f, uint64_t addr, uint64_t len, uint64_t off, struct err *e)
{
	while (len) {
		uint64_t n = len;

		if (f->nr_iov == IOVS || f->iov_len >= READ_MAX || (f->nr_iov && f->iov_off + f->iov_len != off))
			if (read_iovs(f, e))
				return -1;
		if (!f->nr_iov)
			f->iov_off = off;
		if (n > READ_MAX - f->iov_len)
			n = READ_MAX - f->iov_len;
		if (f->ctx->opts->fault == FAULT_SHORT_READS && n > IMG_PAGE_SIZE)
			n = ALIGN_DOWN(n / 2, IMG_PAGE_SIZE); /* so that half of them is about half of the bytes */
		f->iov[f->nr_iov++] = (struct iovec){ (void *)addr, n };
		f->iov_len += n;
		addr += n;
		off += n;
		len -= n;
	}
	return 0;
}

static int merge_pages(struct fill *f, uint64_t addr, uint64_t len, uint64_t off, struct err *e)
{
	if (room(f, 1, 0, e))
		return -1;
	PROG(&f->p, RUN_MERGE, addr, f->pages_at + off, len / IMG_PAGE_SIZE);
	f->ctx->pages_restored += len / IMG_PAGE_SIZE;
	return 0;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Pages [addr, addr + len) of one mapping: those in kept ranges are compared, the others read. */
static int fill_range(struct fill *f, uint64_t addr, uint64_t len, uint64_t off, size_t *k, struct err *e)
{
	uint64_t end = addr + len;

	while (addr < end) {
		const struct kept *kept;
		uint64_t stop = end;
		bool merge;

		while (*k < f->m->nr_kept && f->m->kept[*k].end <= addr)
			(*k)++;
		kept = *k < f->m->nr_kept ? &f->m->kept[*k] : NULL;
		merge = kept && kept->start <= addr;
		if (kept)
			stop = min64(end, merge ? kept->end : kept->start);
		if (merge ? merge_pages(f, addr, stop - addr, off, e) : read_pages(f, addr, stop - addr, off, e))
			return -1;
		off += stop - addr;
		addr = stop;
	}
	return 0;
}

static int fill_run(struct fill *f, const struct img_run *r, size_t *v, size_t *k, struct err *e)
{
	uint64_t addr = r->addr, end = r->addr + r->nr * IMG_PAGE_SIZE;

	while (addr < end) {
		const VmaEntry *vma;
		uint64_t stop;

		while (*v < f->t->mm->n_vmas && f->t->mm->vmas[*v]->end <= addr)
			(*v)++;
		vma = *v < f->t->mm->n_vmas ? f->t->mm->vmas[*v] : NULL;
		if (!vma || vma->start > addr)
			return err_set(e, 0, "pagemap-%d.img has a page at %#lx, where the process has no mapping",
				       f->t->pid, addr);
		stop = min64(end, vma->end);
		if (!(vma->status & VMA_KERNEL) && fill_range(f, addr, stop - addr, r->off + (addr - r->addr), k, e))
			return -1;
		addr = stop;
	}
	return 0;
}

/* The file as memory in the task, to compare with what fork left there. */
static int map_pages_file(struct fill *f, struct err *e)
{
	const struct img_run *last = &f->m->pages.runs[f->m->pages.nr_runs - 1];
	uint32_t op;

	if (!f->m->nr_kept || !f->m->pages.nr_runs)
		return 0;
	if (flush(f, e))
		return -1;
	op = PROG(&f->p, SYS_mmap, 0, last->off + last->nr * IMG_PAGE_SIZE, PROT_READ, MAP_PRIVATE, f->pages_number, 0);
	if (agent_run(f->ctx, f->t, &f->p, e))
		return -1;
	f->pages_at = prog_result(&f->p, op);
	agent_begin(f->t, &f->p);
	return 0;
}

static int unmap_pages_file(struct fill *f, struct err *e)
{
	const struct img_run *last = &f->m->pages.runs[f->m->pages.nr_runs - 1];

	if (!f->pages_at)
		return 0;
	if (room(f, 1, 0, e))
		return -1;
	PROG(&f->p, SYS_munmap, f->pages_at, last->off + last->nr * IMG_PAGE_SIZE);
	return 0;
}

static int drop_gap(struct fill *f, uint64_t start, uint64_t end, struct err *e)
{
	if (start >= end || !page_map_touches(&f->t->parent->memory->pages, start, end))
		return 0;
	if (room(f, 1, 0, e))
		return -1;
	PROG(&f->p, SYS_madvise, start, end - start, MADV_DONTNEED);
	return 0;
}

/* Pages that the parent has and the task has not. */
static int drop_parents_pages(struct fill *f, struct err *e)
{
	size_t r = 0;

	for (size_t i = 0; i < f->m->nr_kept; i++) {
		const struct kept *k = &f->m->kept[i];
		uint64_t at = k->start;

		while (r < f->m->pages.nr_runs &&
		       f->m->pages.runs[r].addr + f->m->pages.runs[r].nr * IMG_PAGE_SIZE <= k->start)
			r++;
		for (size_t j = r; j < f->m->pages.nr_runs && f->m->pages.runs[j].addr < k->end; j++) {
			const struct img_run *run = &f->m->pages.runs[j];

			if (drop_gap(f, at, min64(run->addr, k->end), e))
				return -1;
			at = run->addr + run->nr * IMG_PAGE_SIZE;
		}
		if (drop_gap(f, at, k->end, e))
			return -1;
	}
	return 0;
}

static int patch_vdso(struct fill *f, struct err *e)
{
	for (size_t i = 0; i < f->m->nr_patches; i++) {
		const struct vdso_patch *x = &f->m->patches[i];

		if (room(f, 1, sizeof(x->bytes), e))
			return -1;
		PROG(&f->p, RUN_COPY, x->addr, prog_bytes(&f->p, x->bytes, sizeof(x->bytes)), sizeof(x->bytes));
	}
	return 0;
}

static int protect_all(struct fill *f, struct err *e)
{
	for (size_t i = 0; i < f->t->mm->n_vmas; i++) {
		const VmaEntry *v = f->t->mm->vmas[i];

		if (!(v->status & (VMA_KERNEL | VMA_AIORING)) && fill_prot(f, v) != memory_prot(f->t, v) &&
		    protect(f, v->start, v->end, memory_prot(f->t, v), e))
			return -1;
	}
	return 0;
}

static int fill_pages(struct fill *f, struct err *e)
{
	size_t v = 0, k = 0;

	if (map_pages_file(f, e) || drop_parents_pages(f, e))
		return -1;
	for (size_t i = 0; i < f->m->pages.nr_runs; i++)
		if (fill_run(f, &f->m->pages.runs[i], &v, &k, e))
			return -1;
	return read_iovs(f, e) || patch_vdso(f, e) || unmap_pages_file(f, e) || protect_all(f, e) ? -1 : 0;
}

int memory_fill(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	_cleanup_free_ struct fill *f = calloc(1, sizeof(*f));

	if (!f)
		return err_nomem(e, "the state of a task being filled");
	f->ctx = ctx;
	f->t = t;
	f->pages_number = -1;
	f->m = t->memory;
	f->m->filled = true;
	if (!f->m->shares_pages)
		f->m->nr_kept = 0; /* it was born before its parent had anything to leave */
	f->policies_inherited = mempolicy_inherits(t);
	if (send_fds(f, e))
		return err_in(e, "memory of process %d", t->pid);
	mempolicy_of_leader(ctx, t, &f->p);
	if (map_all(f, e) || fill_pages(f, e))
		return err_in(e, "memory of process %d", t->pid);
	return close_fds(f, e) || flush(f, e) ? -1 : 0;
}
