// SPDX-License-Identifier: LGPL-2.1-only
/* Page maps: which pages of an address space or a shared object are in the images, and where. */
#include <stdlib.h>

#include "base/guard.h"
#include "libimg/libimg.h"
#include "pagemap.pb-c.h"

#define MAX_PAGES (1ull << 40) /* more than any address space has */

/* Before there were flags, pages were there unless in_parent said otherwise. */
static uint32_t flags_of(const PagemapEntry *p)
{
	uint32_t flags = p->has_flags ? p->flags : IMG_PRESENT;

	if (p->has_in_parent && p->in_parent)
		flags = (flags & ~IMG_PRESENT) | IMG_PARENT;
	return flags;
}

static int check_run(const struct img_pagemap *m, const struct img_run *run, struct err *e)
{
	const struct img_run *last = m->nr_runs ? &m->runs[m->nr_runs - 1] : NULL;

	if (run->addr % IMG_PAGE_SIZE || !run->nr || run->nr > MAX_PAGES ||
	    run->addr > UINT64_MAX - run->nr * IMG_PAGE_SIZE || m->size > UINT64_MAX - run->nr * IMG_PAGE_SIZE)
		return err_set(e, 0, "the run of %llu pages at 0x%llx is impossible", (unsigned long long)run->nr,
			       (unsigned long long)run->addr);
	if (last && run->addr < last->addr + last->nr * IMG_PAGE_SIZE)
		return err_set(e, 0, "the pages at 0x%llx are out of order", (unsigned long long)run->addr);
	return 0;
}

static int add_run(struct img_pagemap *m, const PagemapEntry *p, size_t *room, struct err *e)
{
	struct img_run run = { .addr = p->vaddr,
			       .nr = p->has_nr_pages ? p->nr_pages : p->compat_nr_pages,
			       .off = m->size,
			       .flags = flags_of(p) };

	if (check_run(m, &run, e))
		return -1;
	if (m->nr_runs == *room) {
		size_t more = *room ? 2 * *room : 64;
		struct img_run *bigger = reallocarray(m->runs, more, sizeof(*bigger));

		if (!bigger)
			return err_nomem(e, "a page map");
		m->runs = bigger;
		*room = more;
	}
	m->runs[m->nr_runs++] = run;
	if (run.flags & IMG_PRESENT)
		m->size += run.nr * IMG_PAGE_SIZE;
	return 0;
}

static int get_head(struct img_reader *r, uint32_t *pages_id, struct err *e)
{
	ProtobufCMessage *msg;
	int got = img_get(r, &msg, e);

	if (got < 0)
		return -1;
	if (got == 0) {
		err_set(e, 0, "the page map has no head");
		return img_complain(r, e);
	}
	*pages_id = ((PagemapHead *)msg)->pages_id;
	img_free(msg);
	return 0;
}

int img_get_pagemap(struct img_reader *r, struct img_pagemap *ret, struct err *e)
{
	ProtobufCMessage *msg;
	size_t room = 0;
	int got;

	*ret = (struct img_pagemap){ 0 };
	if (img_reader_type(r)->extra != IMG_EXTRA_PAGEMAP) {
		err_set(e, 0, "this is a %s image, not a page map", img_reader_type(r)->name);
		return img_complain(r, e);
	}
	if (get_head(r, &ret->pages_id, e))
		return -1;
	while ((got = img_get(r, &msg, e)) > 0) {
		int failed = add_run(ret, (PagemapEntry *)msg, &room, e);

		img_free(msg);
		if (failed)
			return img_complain(r, e);
	}
	return got;
}

void img_pagemap_free(struct img_pagemap *m)
{
	free(take_ptr(m->runs));
	m->nr_runs = 0;
}

size_t img_pagemap_find(const struct img_pagemap *m, uint64_t addr)
{
	size_t lo = 0, hi = m->nr_runs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->runs[mid].addr + m->runs[mid].nr * IMG_PAGE_SIZE > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}
