// SPDX-License-Identifier: GPL-2.0-only
/*
 * crit report: the drawing of an address space. Mappings near each other are a bar, to the same scale for all of a task; what lies
 * between bars is only named. A bar is cut into columns, each of which has the colour of what it has most of, so that the size of
 * the page depends on the width of the bars, not on the number of mappings.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/report.h"
#include "libimg/vma.h"

#define COLUMNS	   400 /* of a line */
#define COLUMN	   2.5 /* units; a line has 1000 */
#define LINE	   18  /* units: height, of which 4 are space */
#define LINES_MOST 4   /* of the longest bar */
#define BARS_MAX   40  /* of a task; then longer gaps are drawn as they are */
#define NAMES_MAX  5   /* of a bar, those with most memory */
#define NAMES_KEPT 64  /* of those that are compared */
#define LEVELS	   4   /* how much of a column is in the images: nothing .. all */

struct piece {
	uint64_t addr, size;
	const VmaEntry *vma;
	uint8_t class;
	bool saved;
};

struct drawing {
	struct report *r;
	struct memory *m;
	struct piece *pieces;
	size_t nr, room;
	uint64_t saved;	    /* bytes */
	uint64_t gap_most;  /* longer ones are not drawn */
	uint64_t idle_most; /* so are mapped stretches of which nothing is saved */
	uint64_t line;	    /* bytes of a full line */
};

static int add_piece(struct drawing *d, const struct extent *x, struct err *e)
{
	struct piece *last = d->nr ? &d->pieces[d->nr - 1] : NULL, *more;
	bool saved = x->kind == EXTENT_IMAGE;

	if (saved)
		d->saved += x->size;
	if (last && last->vma == x->vma && last->saved == saved) {
		last->size += x->size;
		return 0;
	}
	if (d->nr == d->room) {
		d->room = d->room ? 2 * d->room : 256;
		more = reallocarray(d->pieces, d->room, sizeof(*more));
		if (!more)
			return err_nomem(e, "the drawing of a task's memory");
		d->pieces = more;
	}
	d->pieces[d->nr++] = (struct piece){
		x->addr, x->size, x->vma, (uint8_t)report_classify(memory_mm(d->m), x->vma), saved,
	};
	return 0;
}

static int read_pieces(struct drawing *d, struct err *e)
{
	struct extent x;
	uint64_t at = 0;
	int rc;

	while ((rc = memory_extent(d->m, at, &x, e)) > 0) {
		if (add_piece(d, &x, e))
			return -1;
		at = x.addr + x.size;
		if (at <= x.addr)
			break;
	}
	return rc < 0 ? -1 : 0;
}

static bool idle(const struct drawing *d, const struct piece *p)
{
	return !p->saved && p->size > d->idle_most;
}

/* The end of the bar that begins with piece `i`. */
static size_t bar_end(const struct drawing *d, size_t i)
{
	size_t k = i + 1;

	while (!idle(d, &d->pieces[i]) && k < d->nr && !idle(d, &d->pieces[k]) &&
	       d->pieces[k].addr - (d->pieces[k - 1].addr + d->pieces[k - 1].size) <= d->gap_most)
		k++;
	return k;
}

static uint64_t bar_span(const struct drawing *d, size_t i, size_t end)
{
	return d->pieces[end - 1].addr + d->pieces[end - 1].size - d->pieces[i].addr;
}

/* Chooses what is a gap, so that there are not too many bars, and then the scale. */
static void choose_scale(struct drawing *d)
{
	uint64_t longest = 0;
	size_t bars = 0;

	d->idle_most = d->saved > 4u << 20 ? d->saved : 4u << 20;
	for (d->gap_most = 256u << 10; d->gap_most; d->gap_most *= 4) {
		bars = 0;
		for (size_t i = 0; i < d->nr; i = bar_end(d, i))
			bars++;
		if (bars <= BARS_MAX)
			break;
	}
	for (size_t i = 0, end; i < d->nr; i = end) {
		uint64_t span = bar_span(d, i, end = bar_end(d, i));

		if (!idle(d, &d->pieces[i]) && span > longest)
			longest = span;
	}
	d->line = 64u << 10;
	while (d->line < longest / LINES_MOST)
		d->line *= 2;
}

/* --- one bar ---------------------------------------------------------------------------------------------------- */

struct column {
	uint64_t bytes[CLASS_NR];
	uint64_t saved;
};

static void fill_columns(const struct drawing *d, size_t i, size_t end, struct column *columns, size_t nr)
{
	uint64_t base = d->pieces[i].addr, width = d->line / COLUMNS + 1;

	for (; i < end; i++) {
		const struct piece *p = &d->pieces[i];
		uint64_t at = p->addr - base, stop = at + p->size;

		while (at < stop && at / width < nr) {
			struct column *c = &columns[at / width];
			uint64_t next = (at / width + 1) * width;
			uint64_t part = (next < stop ? next : stop) - at;

			c->bytes[p->class] += part;
			if (p->saved)
				c->saved += part;
			at += part;
		}
	}
}

/* What a column is shown as: class and level as one number, -1: as nothing. */
static int look_of(const struct column *c)
{
	uint64_t all = 0;
	int most = 0, level;

	for (int k = 0; k < CLASS_NR; k++) {
		all += c->bytes[k];
		if (c->bytes[k] > c->bytes[most])
			most = k;
	}
	if (!all)
		return -1;
	level = !c->saved ? 0 : c->saved >= all ? LEVELS - 1 : c->saved * 2 >= all ? LEVELS - 2 : 1;
	return most * LEVELS + level;
}

static void put_bar(const struct drawing *d, const int8_t *looks, size_t nr)
{
	size_t lines = (nr + COLUMNS - 1) / COLUMNS;
	FILE *out = d->r->out;

	fprintf(out,
		"<svg viewBox=\"0 0 1000 %zu\" preserveAspectRatio=\"none\" style=\"height:%zupx\" aria-hidden=\"true\">",
		lines * LINE - 4, lines * LINE - 4);
	for (int look = 0; look < CLASS_NR * LEVELS; look++) {
		bool any = false;

		for (size_t i = 0, end; i < nr; i = end) {
			/* A run of columns that look so, not beyond its line. */
			for (end = i + 1; looks[i] == look && end < nr && looks[end] == look && end % COLUMNS; end++)
				;
			if (looks[i] != look)
				continue;
			if (!any)
				fprintf(out, "<path class=\"k%d v%d\" d=\"", look / LEVELS, look % LEVELS);
			any = true;
			fprintf(out, "M%g %zuh%gv%dh-%gz", (double)(i % COLUMNS) * COLUMN, i / COLUMNS * LINE,
				(double)(end - i) * COLUMN, LINE - 4, (double)(end - i) * COLUMN);
		}
		if (any)
			fputs("\"/>", out);
	}
	fputs("</svg>", out);
}

/* --- what is written beside a bar ------------------------------------------------------------------------------- */

static const char *plain_name(const MmEntry *mm, const VmaEntry *v)
{
	static const char *const names[] = {
		[CLASS_CODE] = "file",	     [CLASS_FILE] = "file",   [CLASS_HEAP] = "[heap]",
		[CLASS_STACK] = "[stack]",   [CLASS_ANON] = "memory", [CLASS_SHARED] = "shared",
		[CLASS_KERNEL] = "[kernel]",
	};

	if (v->status & VMA_VDSO)
		return "[vdso]";
	if (v->status & VMA_VVAR)
		return "[vvar]";
	if (v->status & VMA_VSYSCALL)
		return "[vsyscall]";
	return names[report_classify(mm, v)];
}

static void put_name(const struct drawing *d, const VmaEntry *v)
{
	_cleanup_free_ char *name = NULL;
	const char *slash;
	FILE *out = d->r->out;

	if (v->status & VMA_FILE)
		name = file_name(&d->r->c, v->status & VMA_MEMFD ? FD_TYPES__MEMFD : FD_TYPES__REG, (uint32_t)v->shmid);
	if (!name) {
		fputs(plain_name(memory_mm(d->m), v), out);
		return;
	}
	slash = strrchr(name, '/');
	fputs("<span title=\"", out);
	html_text(out, name);
	fputs("\">", out);
	html_text(out, slash && slash[1] ? slash + 1 : name);
	fputs("</span>", out);
}

/* Do two mappings go by the same name? */
static bool alike(const struct drawing *d, const VmaEntry *a, const VmaEntry *b)
{
	if ((a->status & VMA_FILE) != 0 || (b->status & VMA_FILE) != 0)
		return (a->status & VMA_FILE) && (b->status & VMA_FILE) && a->shmid == b->shmid;
	return plain_name(memory_mm(d->m), a) == plain_name(memory_mm(d->m), b);
}

struct name {
	const VmaEntry *vma; /* the first of its name */
	uint64_t size;
};

static int by_name_size(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return (x->vma->start > y->vma->start) - (x->vma->start < y->vma->start);
}

static void put_names(const struct drawing *d, size_t i, size_t end)
{
	struct name names[NAMES_KEPT];
	size_t nr = 0;
	bool more = false;
	FILE *out = d->r->out;

	for (; i < end; i++) {
		const struct piece *p = &d->pieces[i];
		size_t k = 0;

		while (k < nr && !alike(d, names[k].vma, p->vma))
			k++;
		if (k == NAMES_KEPT) {
			more = true;
			continue;
		}
		if (k == nr)
			names[nr++] = (struct name){ p->vma, 0 };
		names[k].size += p->size;
	}
	qsort(names, nr, sizeof(*names), by_name_size);
	for (i = 0; i < nr && i < NAMES_MAX; i++) {
		fputs(i ? ", " : "", out);
		put_name(d, names[i].vma);
	}
	if (more)
		fputs(" and many more", out);
	else if (nr > NAMES_MAX)
		fprintf(out, " and %zu more", nr - NAMES_MAX);
}

static int put_group(const struct drawing *d, size_t i, size_t end, struct err *e)
{
	uint64_t span = bar_span(d, i, end), width = d->line / COLUMNS + 1, saved = 0;
	size_t nr = (size_t)((span + width - 1) / width);
	_cleanup_free_ struct column *columns = calloc(nr, sizeof(*columns));
	_cleanup_free_ int8_t *looks = malloc(nr);
	FILE *out = d->r->out;

	if (!columns || !looks)
		return err_nomem(e, "the drawing of a task's memory");
	fill_columns(d, i, end, columns, nr);
	for (size_t k = 0; k < nr; k++)
		looks[k] = (int8_t)look_of(&columns[k]);
	for (size_t k = i; k < end; k++)
		saved += d->pieces[k].saved ? d->pieces[k].size : 0;
	fprintf(out, "<div class=g><div class=a><code>%" PRIx64 "</code><br> <span class=soft>", d->pieces[i].addr);
	html_size(out, span);
	fputs("</span></div><div>", out);
	put_bar(d, looks, nr);
	fputs("<div class=t>", out);
	put_names(d, i, end);
	if (saved) {
		fputs(" · saved ", out);
		html_size(out, saved);
	}
	fputs("</div></div></div>\n", out);
	return 0;
}

static void put_gap(FILE *out, uint64_t size, const char *what)
{
	fputs("<div class=gap><span>", out);
	html_size(out, size);
	fprintf(out, " %s</span></div>\n", what);
}

static int put_all(const struct drawing *d, struct err *e)
{
	uint64_t at = 0;

	for (size_t i = 0, end; i < d->nr; i = end) {
		const struct piece *p = &d->pieces[i];

		end = bar_end(d, i);
		if (at && p->addr > at)
			put_gap(d->r->out, p->addr - at, "unmapped");
		if (idle(d, p)) {
			fprintf(d->r->out, "<div class=g><div class=a><code>%" PRIx64 "</code></div><div class=t>",
				p->addr);
			html_size(d->r->out, p->size);
			fputs(" reserved or not saved, not drawn: ", d->r->out);
			put_name(d, p->vma);
			fputs("</div></div>\n", d->r->out);
		} else if (put_group(d, i, end, e)) {
			return -1;
		}
		at = d->pieces[end - 1].addr + d->pieces[end - 1].size;
	}
	return 0;
}

int report_map(struct report *r, const struct report_task *t, struct err *e)
{
	struct drawing d = { .r = r };
	int rc = -1;

	if (!memory_open(&d.m, r->c.source, t->pid, e))
		rc = d.m ? read_pieces(&d, e) : 0;
	if (!rc && d.nr) {
		choose_scale(&d);
		fputs("<p class=\"note t\">A full line is ", r->out);
		html_size(r->out, d.line);
		fputs(" of address space.</p>\n", r->out);
		rc = put_all(&d, e);
	}
	memory_close(&d.m);
	free(d.pieces);
	return rc;
}
