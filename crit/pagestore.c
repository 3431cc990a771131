// SPDX-License-Identifier: GPL-2.0-only
/* Pages: which image of a chain of dumps has them, and where. */
#include <errno.h>
#include <stdlib.h>

#include "base/guard.h"
#include "crit/pagestore.h"

#define CHAIN_MAX 4096 /* dumps; a longer chain is one that bites its tail */

struct pagestore {
	struct source *source; /* not ours, unless it is that of a parent */
	bool owns_source;
	enum img_id id;
	unsigned long key;
	unsigned int depth; /* in the chain */
	struct img_pagemap map;
	struct part pages;
	struct pagestore *parent;
	bool asked_for_parent;
};

static int open_at(struct pagestore **ret, struct source *s, bool owns, enum img_id id, unsigned long key,
		   unsigned int depth, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	struct pagestore *p = calloc(1, sizeof(*p));

	if (!p)
		return err_nomem(e, "a page map");
	*p = (struct pagestore){ .source = s, .id = id, .key = key, .depth = depth, .pages = PART_NONE };
	if (source_image(s, id, key, &r, e) || img_get_pagemap(r, &p->map, e)) {
		pagestore_close(&p);
		return -1;
	}
	p->owns_source = owns;
	*ret = p;
	return 0;
}

int pagestore_open(struct pagestore **ret, struct source *s, enum img_id id, unsigned long key, struct err *e)
{
	return open_at(ret, s, false, id, key, 0, e);
}

void pagestore_close(struct pagestore **pp)
{
	struct pagestore *p = *pp;

	if (!p)
		return;
	pagestore_close(&p->parent); /* the chain is at most CHAIN_MAX deep */
	part_close(&p->pages);
	img_pagemap_free(&p->map);
	if (p->owns_source)
		source_close(&p->source);
	free(p);
	*pp = NULL;
}

const struct img_pagemap *pagestore_map(const struct pagestore *p)
{
	return &p->map;
}

int pagestore_pages(struct pagestore *p, const struct part **ret, struct err *e)
{
	char name[64];

	img_name(IMG_PAGES, p->map.pages_id, name, sizeof(name));
	if (p->pages.fd < 0 && source_file(p->source, name, &p->pages, e))
		return -1;
	if (p->pages.size < p->map.size)
		return err_set(e, 0, "%s is truncated: it has %llu bytes, its page map needs %llu", name,
			       (unsigned long long)p->pages.size, (unsigned long long)p->map.size);
	*ret = &p->pages;
	return 0;
}

/* The store of the previous dump; stays NULL when there is none. */
static int open_parent(struct pagestore *p, struct err *e)
{
	_cleanup_source_ struct source *s = NULL;

	if (p->asked_for_parent)
		return 0;
	if (p->depth >= CHAIN_MAX)
		return err_set(e, 0, "the chain of dumps has no end: %s", source_path(p->source));
	if (source_parent(p->source, &s, e) ||
	    (s && open_at(&p->parent, s, true, p->id, p->key, p->depth + 1, e) && e->errnum != ENOENT))
		return -1;
	if (p->parent)
		s = NULL; /* it is the parent's now */
	p->asked_for_parent = true;
	return 0;
}

int pagestore_find(struct pagestore *p, uint64_t addr, uint64_t max, const struct part **pages_ret, uint64_t *at_ret,
		   uint64_t *size_ret, struct err *e)
{
	for (;;) {
		size_t i = img_pagemap_find(&p->map, addr);
		const struct img_run *run = i < p->map.nr_runs ? &p->map.runs[i] : NULL;

		if (!run || run->addr > addr) {
			*size_ret = run && run->addr - addr < max ? run->addr - addr : max;
			return 0;
		}
		if (run->addr + run->nr * IMG_PAGE_SIZE - addr < max)
			max = run->addr + run->nr * IMG_PAGE_SIZE - addr;
		*size_ret = max;
		if (run->flags & IMG_PRESENT) {
			*at_ret = run->off + (addr - run->addr);
			return pagestore_pages(p, pages_ret, e) ? -1 : 1;
		}
		if (!(run->flags & IMG_PARENT)) /* not yet fetched, or a hole */
			return run->flags & IMG_LAZY ? 2 : 0;
		if (open_parent(p, e))
			return -1;
		if (!p->parent)
			return 2;
		p = p->parent;
	}
}
