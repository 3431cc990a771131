// SPDX-License-Identifier: GPL-2.0-only
/* crit verify: mappings, page maps and the chain of dumps that their pages are in. */
#include <stdlib.h>
#include <string.h>

#include "crit/pagestore.h"
#include "crit/verify.h"
#include "libimg/vma.h"

typedef unsigned long long ull;

/* --- mappings ---------------------------------------------------------------------------------------------------- */

static bool is_ring(const MmEntry *mm, uint64_t start)
{
	for (size_t k = 0; mm && k < mm->n_aios; k++) {
		if (mm->aios[k]->id == start)
			return true;
	}
	return false;
}

/* What is behind a mapping. */
static void check_behind(struct verify *v, const struct image *i, size_t record, const MmEntry *mm, const VmaEntry *a)
{
	uint32_t space = a->status & VMA_MEMFD	? SPACE_FILE + FD_TYPES__MEMFD :
			 a->status & VMA_SOCKET ? SPACE_FILE + FD_TYPES__PACKETSK :
						  SPACE_FILE + FD_TYPES__REG;
	const struct image *files = images_find(&v->im, IMG_FILES, 0);

	if (a->status & VMA_AIORING) {
		if (!is_ring(mm, a->start))
			found(v, i, record, "vmas", "the ring at 0x%llx is none of aios", (ull)a->start);
	} else if (a->status & VMA_SYSVIPC) {
		if (!known(v, SPACE_SHM, a->shmid))
			found(v, i, record, "vmas.shmid", "0x%llx maps System V segment %llu, which is not there",
			      (ull)a->start, (ull)a->shmid);
	} else if (a->status & VMA_ANON_SHARED) {
		want_image(v, i, record, "vmas.shmid", IMG_SHMEM_PAGEMAP, a->shmid);
	} else if (a->status & (VMA_FILE | VMA_SOCKET) && !known(v, space, a->shmid) && !(files && files->bad)) {
		found(v, i, record, "vmas.shmid", "0x%llx maps %s %llu, which is not there", (ull)a->start,
		      a->status & VMA_MEMFD  ? "memfd" :
		      a->status & VMA_SOCKET ? "packet socket" :
					       "file",
		      (ull)a->shmid);
	}
}

static void check_mapping(struct verify *v, const struct image *i, size_t record, const MmEntry *mm, const VmaEntry *a,
			  const VmaEntry *before)
{
	const uint32_t sorts = VMA_FILE | VMA_ANON_SHARED | VMA_ANON_PRIVATE;

	if (a->start >= a->end || a->start % IMG_PAGE_SIZE || a->end % IMG_PAGE_SIZE)
		found(v, i, record, "vmas", "the mapping from 0x%llx to 0x%llx is impossible", (ull)a->start,
		      (ull)a->end);
	if (before && a->start < before->end)
		found(v, i, record, "vmas", "the mapping at 0x%llx is not above the one before it", (ull)a->start);
	if (__builtin_popcount(a->status & sorts) > 1)
		found(v, i, record, "vmas.status",
		      "the mapping at 0x%llx is both of a file and not, or both shared and not", (ull)a->start);
	check_behind(v, i, record, mm, a);
}

/* The last mapping that begins at or below an address, NULL: there is none. They are in order. */
static const VmaEntry *mapping_at(const MmEntry *mm, uint64_t addr)
{
	size_t lo = 0, hi = mm->n_vmas;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (mm->vmas[mid]->start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? mm->vmas[lo - 1] : NULL;
}

static void check_guards(struct verify *v, const struct image *i, const MmEntry *mm)
{
	if (mm->n_guards % 2)
		found(v, i, 1, "guards", "a start without an end");
	for (size_t k = 0; k + 1 < mm->n_guards; k += 2) {
		uint64_t start = mm->guards[k], end = mm->guards[k + 1];
		const VmaEntry *a = mapping_at(mm, start);

		if (start >= end || start % IMG_PAGE_SIZE || end % IMG_PAGE_SIZE)
			found(v, i, 1, "guards", "from 0x%llx to 0x%llx is impossible", (ull)start, (ull)end);
		else if (!a || start >= a->end)
			found(v, i, 1, "guards", "0x%llx is in no mapping", (ull)start);
	}
}

void check_mappings(struct verify *v)
{
	FOR_RECORDS(v, IMG_MM, i, m, nr)
	{
		const MmEntry *mm = m;

		for (size_t k = 0; k < mm->n_vmas; k++)
			check_mapping(v, i, nr, mm, mm->vmas[k], k ? mm->vmas[k - 1] : NULL);
		check_guards(v, i, mm);
		if (mm->n_mm_saved_auxv % 2)
			found(v, i, nr, "mm_saved_auxv", "a type without a value");
	}
	FOR_RECORDS(v, IMG_VMAS, i, m, nr)
	check_mapping(v, i, nr, NULL, m, nr > 1 ? (const VmaEntry *)i->msgs[nr - 2] : NULL);
}

/* --- shared objects --------------------------------------------------------------------------------------------- */

/* No page of an object lies behind its end. */
static void check_object(struct verify *v, const struct image *i, size_t record, const char *field, uint64_t shmid,
			 uint64_t size)
{
	const struct image *pages = images_find(&v->im, IMG_SHMEM_PAGEMAP, shmid);
	const struct img_run *last = pages && pages->map.nr_runs ? &pages->map.runs[pages->map.nr_runs - 1] : NULL;

	if (size)
		want_image(v, i, record, field, IMG_SHMEM_PAGEMAP, shmid);
	if (last && last->addr + (last->nr - 1) * IMG_PAGE_SIZE >= size)
		found(v, pages, 0, "", "there are pages behind the end of the object, 0x%llx", (ull)size);
}

void check_objects(struct verify *v)
{
	FOR_RECORDS(v, IMG_MEMFD_INODE, i, m, nr)
	check_object(v, i, nr, "shmid", ((const MemfdInodeEntry *)m)->shmid, ((const MemfdInodeEntry *)m)->size);
	FOR_RECORDS(v, IMG_IPCNS_SHM, i, m, nr)
	{
		const IpcShmEntry *s = m;

		if (s->in_pagemaps && s->desc && !s->external)
			check_object(v, i, nr, "desc.id", s->desc->id, s->size);
	}
}

/* --- pages ------------------------------------------------------------------------------------------------------- */

#define ALL_FLAGS (IMG_PARENT | IMG_LAZY | IMG_PRESENT)

static bool is_page_map(const struct image *i)
{
	return i->type->id == IMG_PAGEMAP || i->type->id == IMG_SHMEM_PAGEMAP;
}

/* A run is record n + 2: before the runs there is the head. */
static size_t record_of(size_t run)
{
	return run + 2;
}

static void check_runs(struct verify *v, const struct image *i)
{
	for (size_t n = 0; n < i->map.nr_runs; n++) {
		const struct img_run *run = &i->map.runs[n];

		if (run->flags & ~ALL_FLAGS)
			found(v, i, record_of(n), "flags", "0x%x has unknown flags", run->flags);
		if ((run->flags & (IMG_PARENT | IMG_PRESENT)) == (IMG_PARENT | IMG_PRESENT))
			found(v, i, record_of(n), "flags", "the pages are both here and in the parent");
	}
}

/* Every page of a task is in a mapping. Both are in order: one walk. */
static void check_inside(struct verify *v, const struct image *i, const MmEntry *mm)
{
	size_t at = 0;

	for (size_t n = 0; n < i->map.nr_runs; n++) {
		uint64_t addr = i->map.runs[n].addr, end = addr + i->map.runs[n].nr * IMG_PAGE_SIZE;

		while (at < mm->n_vmas && mm->vmas[at]->end <= addr)
			at++;
		for (size_t k = at; addr < end && k < mm->n_vmas && mm->vmas[k]->start <= addr; k++)
			addr = mm->vmas[k]->end > addr ? mm->vmas[k]->end : addr;
		if (addr < end)
			found(v, i, record_of(n), "vaddr", "the page at 0x%llx is in no mapping", (ull)addr);
	}
}

static void check_pages_image(struct verify *v, const struct image *i, struct map *used)
{
	const struct image *pages = images_find(&v->im, IMG_PAGES, i->map.pages_id);

	if (i->map.size)
		want_image(v, i, 1, "pages_id", IMG_PAGES, i->map.pages_id);
	if (pages && pages->size < i->map.size)
		found(v, i, 0, "", "needs %llu bytes of %s, which has %llu", (ull)i->map.size, pages->name,
		      (ull)pages->size);
	if (i->map.size && !map_put(used, IMG_PAGES, i->map.pages_id, (uint32_t)(i - v->im.list)))
		found(v, i, 1, "pages_id", "pages-%u.img belongs to %s", i->map.pages_id,
		      v->im.list[*map_get(used, IMG_PAGES, i->map.pages_id)].name);
}

void check_pages(struct verify *v)
{
	struct map used = { 0 };

	for (size_t k = 0; k < v->im.nr; k++) {
		const struct image *i = &v->im.list[k];
		const MmEntry *mm = images_one(&v->im, IMG_MM, i->key);

		if (i->type->id == IMG_PAGES && i->size % IMG_PAGE_SIZE)
			found(v, i, 0, "", "%llu bytes: no whole pages", (ull)i->size);
		if (!is_page_map(i))
			continue;
		check_runs(v, i);
		if (!i->bad)
			check_pages_image(v, i, &used);
		if (i->type->id == IMG_PAGEMAP && mm && mm->n_vmas)
			check_inside(v, i, mm);
	}
	map_free(&used);
}

/* --- the chain of dumps ------------------------------------------------------------------------------------------ */

static void check_run_in_parents(struct verify *v, const struct image *i, size_t n, struct pagestore *p)
{
	uint64_t addr = i->map.runs[n].addr, end = addr + i->map.runs[n].nr * IMG_PAGE_SIZE;

	while (addr < end) {
		const struct part *pages;
		uint64_t at, size = 0;
		struct err e = { 0 };
		int rc = pagestore_find(p, addr, end - addr, &pages, &at, &size, &e);
		char why[512];

		if (rc < 0) {
			err_text(&e, why, sizeof(why));
			found(v, i, record_of(n), "", "the parents cannot be read: %s", why);
			return;
		}
		if (rc == 2)
			found(v, i, record_of(n), "flags", "the page at 0x%llx is in the parent, and there is none",
			      (ull)addr);
		else if (rc == 0)
			found(v, i, record_of(n), "flags",
			      "the page at 0x%llx is in the parent, which does not have it", (ull)addr);
		if (!size)
			return;
		addr += size;
	}
}

/* What is said to be in an earlier dump is there. */
void check_parents(struct verify *v)
{
	for (size_t k = 0; k < v->im.nr; k++) {
		const struct image *i = &v->im.list[k];
		struct pagestore *p = NULL;
		struct err e = { 0 };

		for (size_t n = 0; is_page_map(i) && !i->bad && n < i->map.nr_runs; n++) {
			if (!(i->map.runs[n].flags & IMG_PARENT) || i->map.runs[n].flags & IMG_PRESENT)
				continue;
			if (!p && pagestore_open(&p, v->im.source, i->type->id, i->key, &e))
				break;
			check_run_in_parents(v, i, n, p);
		}
		pagestore_close(&p);
	}
}
