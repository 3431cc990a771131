// SPDX-License-Identifier: GPL-2.0-only
/* The memory of a task: its mappings over the pages of its own, of shared objects and of memfds. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/guard.h"
#include "crit/memory.h"
#include "crit/pagestore.h"
#include "fdinfo.pb-c.h"
#include "libimg/vma.h"
#include "memfd.pb-c.h"

#define NOT_PAGES \
	(VMA_KERNEL | VMA_SOCKET | VMA_AIORING | VMA_SYSVIPC) /* mappings that need not have pages in images */

struct object {
	uint64_t shmid;
	struct pagestore *pages; /* NULL: never touched */
};

/* The memfd that a file id stands for. */
struct memfd {
	uint32_t file_id;
	uint64_t shmid;
};

struct memory {
	struct source *source;
	MmEntry *mm;
	VmaEntry **vmas; /* in order of address */
	size_t nr_vmas;
	ProtobufCMessage **old_vmas; /* of the older image vmas-PID.img, to be freed */
	size_t nr_old_vmas;
	struct pagestore *own;
	struct object *objects;
	size_t nr_objects;
	struct memfd *memfds;
	size_t nr_memfds;
	bool memfds_read;
};

/* Appends an element to an array that grows by doubling. */
static void *append(void *array, size_t *nr, size_t size, struct err *e)
{
	void **p = array;

	if (!(*nr & (*nr - 1))) {
		void *bigger = reallocarray(*p, *nr ? 2 * *nr : 1, size);

		if (!bigger) {
			err_nomem(e, "the memory of a task");
			return NULL;
		}
		*p = bigger;
	}
	return (char *)*p + size * (*nr)++;
}

static int by_start(const void *a, const void *b)
{
	const VmaEntry *x = *(VmaEntry *const *)a, *y = *(VmaEntry *const *)b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Before mm_entry had them, mappings were in an image of their own. */
static int read_old_vmas(struct memory *m, uint32_t pid, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg, **slot;
	int rc;

	if (source_image(m->source, IMG_VMAS, pid, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		slot = append(&m->old_vmas, &m->nr_old_vmas, sizeof(*slot), e);
		if (!slot) {
			img_free(msg);
			return -1;
		}
		*slot = msg;
	}
	return rc;
}

static int check_vmas(const struct memory *m, struct err *e)
{
	for (size_t i = 0; i < m->nr_vmas; i++) {
		const VmaEntry *v = m->vmas[i];

		if (v->start >= v->end || v->start % IMG_PAGE_SIZE || v->end % IMG_PAGE_SIZE)
			return err_set(e, 0, "the mapping from 0x%" PRIx64 " to 0x%" PRIx64 " is impossible", v->start,
				       v->end);
		if (i && v->start < m->vmas[i - 1]->end)
			return err_set(e, 0, "the mappings at 0x%" PRIx64 " and 0x%" PRIx64 " overlap",
				       m->vmas[i - 1]->start, v->start);
	}
	return 0;
}

static int sort_vmas(struct memory *m, uint32_t pid, struct err *e)
{
	if (!m->mm->n_vmas && read_old_vmas(m, pid, e))
		return -1;
	m->vmas = calloc(m->mm->n_vmas + m->nr_old_vmas + 1, sizeof(*m->vmas));
	if (!m->vmas)
		return err_nomem(e, "the memory of a task");
	for (size_t i = 0; i < m->mm->n_vmas; i++)
		m->vmas[m->nr_vmas++] = m->mm->vmas[i];
	for (size_t i = 0; i < m->nr_old_vmas; i++)
		m->vmas[m->nr_vmas++] = (VmaEntry *)m->old_vmas[i];
	qsort(m->vmas, m->nr_vmas, sizeof(*m->vmas), by_start);
	return check_vmas(m, e);
}

int memory_open(struct memory **ret, struct source *s, uint32_t pid, struct err *e)
{
	_cleanup_memory_ struct memory *m = calloc(1, sizeof(*m));
	ProtobufCMessage *mm;

	*ret = NULL;
	if (!m)
		return err_nomem(e, "the memory of a task");
	m->source = s;
	if (source_optional(s, IMG_MM, pid, &mm, e))
		return err_in(e, "pid %u", pid);
	if (!mm)
		return 0;
	m->mm = (MmEntry *)mm;
	if (sort_vmas(m, pid, e) || (pagestore_open(&m->own, s, IMG_PAGEMAP, pid, e) && e->errnum != ENOENT))
		return err_in(e, "pid %u", pid);
	*ret = take_ptr(m);
	return 0;
}

void memory_close(struct memory **mp)
{
	struct memory *m = *mp;

	if (!m)
		return;
	for (size_t i = 0; i < m->nr_objects; i++)
		pagestore_close(&m->objects[i].pages);
	for (size_t i = 0; i < m->nr_old_vmas; i++)
		img_free(m->old_vmas[i]);
	pagestore_close(&m->own);
	free(m->objects);
	free(m->memfds);
	free(m->old_vmas);
	free(m->vmas);
	img_free(m->mm);
	free(m);
	*mp = NULL;
}

const MmEntry *memory_mm(const struct memory *m)
{
	return m->mm;
}

VmaEntry *const *memory_vmas(const struct memory *m, size_t *nr_ret)
{
	*nr_ret = m->nr_vmas;
	return m->vmas;
}

/* The first mapping that ends above an address; nr_vmas when there is none. */
static size_t find_vma(const struct memory *m, uint64_t addr)
{
	size_t lo = 0, hi = m->nr_vmas;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->vmas[mid]->end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const VmaEntry *memory_vma(const struct memory *m, uint64_t addr)
{
	size_t i = find_vma(m, addr);

	return i < m->nr_vmas && m->vmas[i]->start <= addr ? m->vmas[i] : NULL;
}

/* --- memfds: a mapping names the open file, that the inode, that the pages -------------------------------------- */

static int read_memfd_files(struct memory *m, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(m->source, IMG_FILES, 0, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		const FileEntry *f = (const FileEntry *)msg;
		struct memfd *slot = NULL;

		if (f->memfd) {
			slot = append(&m->memfds, &m->nr_memfds, sizeof(*slot), e);
			if (slot)
				*slot = (struct memfd){ f->id, f->memfd->inode_id };
		}
		rc = f->memfd && !slot ? -1 : 0;
		img_free(msg);
		if (rc)
			return -1;
	}
	return rc;
}

/* Puts the shmid where so far the inode's id is. */
static int read_memfd_inodes(struct memory *m, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	_cleanup_free_ bool *known = calloc(m->nr_memfds + 1, sizeof(*known));
	ProtobufCMessage *msg;
	int rc;

	if (!known)
		return err_nomem(e, "memfds");
	if (source_image(m->source, IMG_MEMFD_INODE, 0, &r, e))
		return -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		const MemfdInodeEntry *inode = (const MemfdInodeEntry *)msg;

		for (size_t i = 0; i < m->nr_memfds; i++) {
			if (!known[i] && m->memfds[i].shmid == inode->inode_id) {
				m->memfds[i].shmid = inode->shmid;
				known[i] = true;
			}
		}
		img_free(msg);
	}
	return rc;
}

static int memfd_object(struct memory *m, const VmaEntry *v, uint64_t *shmid_ret, struct err *e)
{
	if (!m->memfds_read && (read_memfd_files(m, e) || (m->nr_memfds && read_memfd_inodes(m, e))))
		return -1;
	m->memfds_read = true;
	for (size_t i = 0; i < m->nr_memfds; i++) {
		if (m->memfds[i].file_id == v->shmid) {
			*shmid_ret = m->memfds[i].shmid;
			return 0;
		}
	}
	return err_set(e, 0, "the mapping at 0x%" PRIx64 " is of memfd %" PRIu64 ", which is not in files.img",
		       v->start, v->shmid);
}

/* --- extents ---------------------------------------------------------------------------------------------------- */

static int find_object(struct memory *m, uint64_t shmid, struct pagestore **ret, struct err *e)
{
	struct object *o;

	for (size_t i = 0; i < m->nr_objects; i++) {
		if (m->objects[i].shmid == shmid) {
			*ret = m->objects[i].pages;
			return 0;
		}
	}
	o = append(&m->objects, &m->nr_objects, sizeof(*o), e);
	if (!o)
		return -1;
	*o = (struct object){ .shmid = shmid };
	if (pagestore_open(&o->pages, m->source, IMG_SHMEM_PAGEMAP, shmid, e) && e->errnum != ENOENT)
		return -1;
	*ret = o->pages;
	return 0;
}

/* Looks for an extent's bytes in a page store (NULL: in none), from offset `at`. Returns 1 when that settles it. */
static int look_in(struct pagestore *p, uint64_t at, struct extent *x, struct err *e)
{
	int rc = p ? pagestore_find(p, at, x->size, &x->pages, &x->at, &x->size, e) : 0;

	if (rc > 0)
		x->kind = rc == 1 ? EXTENT_IMAGE : EXTENT_LOST;
	return rc > 0 ? 1 : rc;
}

/* What a mapping has where it has no page of its own. */
static int look_behind(struct memory *m, struct extent *x, struct err *e)
{
	const VmaEntry *v = x->vma;
	uint64_t at = v->pgoff + (x->addr - v->start), shmid = v->shmid;
	struct pagestore *object;
	int rc;

	x->at = at;
	x->kind = EXTENT_ZERO;
	if (v->status & NOT_PAGES)
		x->kind = EXTENT_LOST;
	else if (v->status & VMA_FILE && !(v->status & VMA_MEMFD))
		x->kind = EXTENT_FILE;
	if (!(v->status & (VMA_ANON_SHARED | VMA_MEMFD | VMA_SYSVIPC)))
		return 0;
	if ((v->status & VMA_MEMFD && memfd_object(m, v, &shmid, e)) || find_object(m, shmid, &object, e))
		return -1;
	x->shared = true;
	x->object = shmid;
	x->object_at = at;
	rc = look_in(object, at, x, e);
	if (rc == 0 && object)
		x->kind = EXTENT_ZERO;
	return rc < 0 ? -1 : 0;
}

int memory_extent(struct memory *m, uint64_t addr, struct extent *ret, struct err *e)
{
	size_t i = find_vma(m, addr);
	const VmaEntry *v;
	int rc = 0;

	if (i == m->nr_vmas)
		return 0;
	v = m->vmas[i];
	*ret = (struct extent){ .addr = addr > v->start ? addr : v->start, .vma = v };
	ret->size = v->end - ret->addr;
	if (!(v->status & (VMA_ANON_SHARED | VMA_FILE_SHARED | VMA_SYSVIPC)))
		rc = look_in(m->own, ret->addr, ret, e);
	if (rc == 0)
		rc = look_behind(m, ret, e);
	if (rc < 0)
		return err_in(e, "mapping at 0x%" PRIx64, v->start);
	return 1;
}

bool memory_is_missing(const struct extent *x)
{
	return x->kind == EXTENT_LOST && !(x->vma->status & NOT_PAGES);
}

static int read_extent(const struct extent *x, uint64_t addr, void *buf, size_t len, struct err *e)
{
	switch (x->kind) {
	case EXTENT_IMAGE:
		return part_read(x->pages, x->at + (addr - x->addr), buf, len, e);
	case EXTENT_ZERO:
		for (size_t i = 0; i < len; i++)
			((char *)buf)[i] = 0;
		return 0;
	case EXTENT_FILE:
		return err_set(e, 0,
			       "the page at 0x%" PRIx64 " is an unchanged page of a mapped file: not in the images",
			       addr);
	case EXTENT_LOST:
		break;
	}
	err_set(e, 0, "the page at 0x%" PRIx64 " is not in the images", addr);
	return memory_is_missing(x) ? err_hint(e, "it is in an earlier dump, to which the link \"parent\" must lead") :
				      -1;
}

int memory_read(struct memory *m, uint64_t addr, void *buf, size_t len, struct err *e)
{
	size_t done = 0;

	while (done < len) {
		uint64_t at = addr + done;
		struct extent x;
		size_t step;
		int rc = at >= addr ? memory_extent(m, at, &x, e) : 0;

		if (rc < 0)
			return -1;
		if (rc == 0 || x.addr > at)
			return err_set(e, 0, "nothing is mapped at 0x%" PRIx64, at);
		step = x.addr + x.size - at < len - done ? (size_t)(x.addr + x.size - at) : len - done;
		if (read_extent(&x, at, (char *)buf + done, step, e))
			return -1;
		done += step;
	}
	return 0;
}
