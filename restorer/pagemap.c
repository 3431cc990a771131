// SPDX-License-Identifier: GPL-2.0-only
/* Page maps: which pages an image holds, and where in the pages file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "pagemap.pb-c.h"
#include "restorer/memory.h"

#define PE_PARENT  1
#define PE_PRESENT 4

static int add_run(struct page_map *m, const PagemapEntry *p, uint64_t *off, size_t *room, struct err *e)
{
	uint64_t nr = p->has_nr_pages ? p->nr_pages : p->compat_nr_pages;
	const struct page_run *last = m->nr_runs ? &m->runs[m->nr_runs - 1] : NULL;

	if ((p->has_flags && p->flags & PE_PARENT) || (p->has_in_parent && p->in_parent)) {
		err_set(e, 0, "pages at %#lx are in the images of an earlier dump", p->vaddr);
		return err_hint(e, "incremental checkpoints are not supported by this version");
	}
	if (p->vaddr % IMG_PAGE_SIZE || nr > (1ULL << 40) || p->vaddr > UINT64_MAX - nr * IMG_PAGE_SIZE)
		return err_set(e, 0, "the run of %lu pages at %#lx is impossible", nr, p->vaddr);
	if (last && p->vaddr < last->addr + last->nr * IMG_PAGE_SIZE)
		return err_set(e, 0, "the pages at %#lx are out of order", p->vaddr);
	if (p->has_flags && !(p->flags & PE_PRESENT))
		return 0; /* a hole: nothing in the pages file */
	if (m->nr_runs == *room) {
		size_t more = *room ? 2 * *room : 64;
		void *bigger = realloc(m->runs, more * sizeof(*m->runs));

		if (!bigger)
			return err_nomem(e, "a page map");
		m->runs = bigger;
		*room = more;
	}
	m->runs[m->nr_runs++] = (struct page_run){ p->vaddr, nr, *off };
	*off += nr * IMG_PAGE_SIZE;
	return 0;
}

int page_map_load(struct restore_ctx *ctx, enum img_id id, unsigned long key, struct page_map *ret, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	uint64_t off = 0;
	size_t room = 0;
	int got;

	*ret = (struct page_map){ 0 };
	if (img_open(ctx->images_fd, id, key, &r, e))
		return -1;
	got = img_get(r, &msg, e);
	if (got <= 0)
		return got < 0 ? -1 : err_set(e, 0, "the page map of %lu is empty", key);
	ret->pages_id = ((PagemapHead *)msg)->pages_id;
	img_free(msg);
	while ((got = img_get(r, &msg, e)) > 0) {
		int failed = add_run(ret, (PagemapEntry *)msg, &off, &room, e);

		img_free(msg);
		if (failed)
			return img_complain(r, e);
	}
	return got;
}

bool page_map_touches(const struct page_map *m, uint64_t start, uint64_t end)
{
	size_t lo = 0, hi = m->nr_runs;

	while (lo < hi) { /* the first run that ends above start */
		size_t mid = (lo + hi) / 2;

		if (m->runs[mid].addr + m->runs[mid].nr * IMG_PAGE_SIZE > start)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < m->nr_runs && m->runs[lo].addr < end;
}

int page_map_open(struct restore_ctx *ctx, const struct page_map *m, int *fd_ret, struct err *e)
{
	const struct page_run *last = m->nr_runs ? &m->runs[m->nr_runs - 1] : NULL;
	uint64_t need = last ? last->off + last->nr * IMG_PAGE_SIZE : 0;
	struct stat st;
	char name[64];

	img_name(IMG_PAGES, m->pages_id, name, sizeof(name));
	_cleanup_close_ int fd = openat(ctx->images_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_set(e, errno, "cannot open %s", name);
	if ((uint64_t)st.st_size < need)
		return err_set(e, 0, "%s is truncated: it has %lu bytes, its page map needs %lu", name, st.st_size,
			       need);
	*fd_ret = take_fd(fd);
	return 0;
}
