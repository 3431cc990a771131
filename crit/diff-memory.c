// SPDX-License-Identifier: GPL-2.0-only
/* crit diff: the mappings of a task and the content of their pages. */
#include <inttypes.h>
#include <string.h>

#include "crit/diff.h"
#include "libimg/vma.h"

#define CHUNK (32 * IMG_PAGE_SIZE)

/* How many pages of a mapping differ. */
struct counts {
	uint64_t changed, only_a, only_b;
};

static const char *file_of(const struct side *s, const VmaEntry *v)
{
	if (!(v->status & VMA_FILE) || v->status & (VMA_MEMFD | VMA_SOCKET))
		return NULL;
	return diff_path(s, (uint32_t)v->shmid);
}

static void put_mapping(struct diff *d, const struct subject *s, const char *change, const struct side *side,
			const VmaEntry *v)
{
	struct json_object *row = diff_row(s, change);
	const char *path = file_of(side, v);
	char access[4];

	snprintf(access, sizeof(access), "%c%c%c", v->prot & 1 ? 'r' : '-', v->prot & 2 ? 'w' : '-',
		 v->prot & 4 ? 'x' : '-');
	row_text(row, "access", access);
	if (path)
		row_text(row, "path", path);
	diff_put(d, row);
}

/* --- pages -------------------------------------------------------------------------------------------------------- */

static bool is_zero(const char *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/* Compares bytes that one or both sides have; the other has zeroes. */
static int compare_bytes(const struct extent *x, const struct extent *y, uint64_t addr, uint64_t end, struct counts *n,
			 struct err *e)
{
	char a[CHUNK], b[CHUNK];

	for (; addr < end; addr += CHUNK) {
		size_t len = end - addr < CHUNK ? (size_t)(end - addr) : CHUNK;

		if (x && part_read(x->pages, x->at + (addr - x->addr), a, len, e))
			return -1;
		if (y && part_read(y->pages, y->at + (addr - y->addr), b, len, e))
			return -1;
		if (x && y && !memcmp(a, b, len))
			continue;
		for (size_t at = 0; at < len; at += IMG_PAGE_SIZE) {
			if (x && y)
				n->changed += memcmp(a + at, b + at, IMG_PAGE_SIZE) != 0;
			else if (x)
				n->only_a += !is_zero(a + at, IMG_PAGE_SIZE);
			else
				n->only_b += !is_zero(b + at, IMG_PAGE_SIZE);
		}
	}
	return 0;
}

/* Pages that were never touched are zeroes; unchanged pages of files and lost ones have no content to compare. */
static int compare_extents(const struct extent *x, const struct extent *y, uint64_t addr, uint64_t end,
			   struct counts *n, struct err *e)
{
	bool in_a = x->kind == EXTENT_IMAGE, in_b = y->kind == EXTENT_IMAGE;

	if (in_a && in_b)
		return compare_bytes(x, y, addr, end, n, e);
	if (in_a && y->kind == EXTENT_ZERO)
		return compare_bytes(x, NULL, addr, end, n, e);
	if (in_b && x->kind == EXTENT_ZERO)
		return compare_bytes(NULL, y, addr, end, n, e);
	n->only_a += in_a ? (end - addr) / IMG_PAGE_SIZE : 0;
	n->only_b += in_b ? (end - addr) / IMG_PAGE_SIZE : 0;
	return 0;
}

static int compare_pages(struct memory *a, struct memory *b, uint64_t addr, uint64_t end, struct counts *n,
			 struct err *e)
{
	struct extent x = { 0 }, y = { 0 };

	while (addr < end) {
		uint64_t stop = end;

		/* Both are mapped here, so there is an extent at addr. */
		if ((addr - x.addr >= x.size && memory_extent(a, addr, &x, e) < 0) ||
		    (addr - y.addr >= y.size && memory_extent(b, addr, &y, e) < 0))
			return -1;
		if (x.addr + x.size - addr < stop - addr)
			stop = x.addr + x.size;
		if (y.addr + y.size - addr < stop - addr)
			stop = y.addr + y.size;
		if (stop <= addr || compare_extents(&x, &y, addr, stop, n, e))
			return stop <= addr ? 0 : -1;
		addr = stop;
	}
	return 0;
}

static void put_pages(struct diff *d, const struct subject *s, const struct counts *n)
{
	struct subject pages = *s;
	struct json_object *row;

	if (!n->changed && !n->only_a && !n->only_b)
		return;
	pages.kind = "pages";
	row = diff_row(&pages, "changed");
	row_uint(row, "differ", n->changed);
	row_uint(row, "only_before", n->only_a);
	row_uint(row, "only_after", n->only_b);
	diff_put(d, row);
}

/* --- mappings ------------------------------------------------------------------------------------------------------ */

static void compare_mappings(struct diff *d, const struct subject *s, struct memory *a, struct memory *b,
			     const VmaEntry *v, const VmaEntry *w)
{
	static const char *const ignored[] = { "shmid", "fd", NULL };
	const char *p = file_of(&d->a, v), *q = file_of(&d->b, w);
	struct counts n = { 0 };

	diff_messages(d, s, "", &v->base, &w->base, ignored);
	if ((p || q) && (!p || !q || strcmp(p, q)))
		diff_field(d, s, "path", p, q);
	if (!d->failed && compare_pages(a, b, v->start, v->end < w->end ? v->end : w->end, &n, d->e))
		d->failed = err_in(d->e, "pid %u", s->pid) != 0;
	else
		put_pages(d, s, &n);
}

static void compare_memory(struct diff *d, struct subject *s, struct memory *a, struct memory *b)
{
	size_t n = 0, m = 0;
	VmaEntry *const *x = a ? memory_vmas(a, &n) : NULL;
	VmaEntry *const *y = b ? memory_vmas(b, &m) : NULL;

	for (size_t i = 0, k = 0; !d->failed && (i < n || k < m);) {
		const VmaEntry *p = i < n ? x[i] : NULL, *q = k < m ? y[k] : NULL;
		bool in_a = p && (!q || p->start <= q->start), in_b = q && (!p || q->start <= p->start);

		s->start = in_a ? p->start : q->start;
		s->end = in_a ? p->end : q->end;
		if (in_a && in_b)
			compare_mappings(d, s, a, b, p, q);
		else if (in_a)
			put_mapping(d, s, "gone", &d->a, p);
		else
			put_mapping(d, s, "new", &d->b, q);
		i += in_a;
		k += in_b;
	}
}

void diff_memory(struct diff *d, uint32_t pid)
{
	_cleanup_memory_ struct memory *a = NULL, *b = NULL;
	struct subject s = { .kind = "mapping", .pid = pid };

	if (d->failed)
		return;
	d->failed = memory_open(&a, d->a.source, pid, d->e) || memory_open(&b, d->b.source, pid, d->e);
	if (!d->failed)
		compare_memory(d, &s, a, b);
}
