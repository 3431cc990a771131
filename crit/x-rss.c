// SPDX-License-Identifier: GPL-2.0-only
/*
 * crit x rss: which pages of each task are in the images, and the mappings they belong to. A row is a run of pages; there may be
 * millions, so for people they are printed without being made into objects first.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/guard.h"
#include "crit/x.h"
#include "libimg/vma.h"
#include "pagemap.pb-c.h"

/* Where a walk along the mappings and the runs of pages stands; both are in address order. */
struct walk {
	const struct checkpoint *c;
	struct rows *r;
	const MmEntry *mm;
	uint32_t pid;
	size_t at;    /* the first mapping that does not end below the run */
	size_t shown; /* the mapping shown last, plus 1 */
};

static char *mapped_file(const struct walk *w, const VmaEntry *v)
{
	return v->status & VMA_FILE ? mapped_file_name(w->c, v) : NULL;
}

static void show_mapping(struct walk *w, size_t i)
{
	const VmaEntry *v = w->mm->vmas[i];
	_cleanup_free_ char *name = NULL;

	if (w->shown == i + 1) {
		printf(" ~");
	} else {
		printf(" %08" PRIx64 " / %-8" PRIu64, v->start, (v->end - v->start) / IMG_PAGE_SIZE);
		name = mapped_file(w, v);
		if (name) {
			putchar(' ');
			put_text(v->status & VMA_MEMFD ? "unknown path" : name); /* see crit x mems */
		}
		w->shown = i + 1;
	}
	printf("\n\t%23s", "");
}

static void show_run(struct walk *w, uint64_t addr, uint64_t pages)
{
	uint64_t end = addr + pages * IMG_PAGE_SIZE;
	char run[64];

	snprintf(run, sizeof(run), "%" PRIx64 " / %-8" PRIu64, addr, pages);
	printf("\t%-23s", run);
	for (size_t i = w->at; i < w->mm->n_vmas && w->mm->vmas[i]->start < end; i++)
		show_mapping(w, i);
	putchar('\n');
}

static void add_mapping(const struct walk *w, struct json_object *list, const VmaEntry *v)
{
	struct json_object *mapping = list_object(list);
	_cleanup_free_ char *name = mapped_file(w, v);

	row_hex(mapping, "start", v->start);
	row_hex(mapping, "end", v->end);
	if (name)
		row_text(mapping, "name", name);
}

static int put_run(struct walk *w, uint64_t addr, uint64_t pages, uint32_t flags, struct err *e)
{
	uint64_t end = addr + pages * IMG_PAGE_SIZE;
	struct json_object *row = json_object_new_object();
	struct json_object *list;

	row_uint(row, "pid", w->pid);
	row_hex(row, "addr", addr);
	row_uint(row, "pages", pages);
	row_flags(row, "flags", NAMES_PMAP_FLAGS, flags);
	list = row_list(row, "mappings");
	for (size_t i = w->at; i < w->mm->n_vmas && w->mm->vmas[i]->start < end; i++)
		add_mapping(w, list, w->mm->vmas[i]);
	return rows_put(w->r, row, e);
}

static int take_run(struct walk *w, const PagemapEntry *p, struct err *e)
{
	uint64_t pages = p->has_nr_pages ? p->nr_pages : p->compat_nr_pages;
	/* Images without flags have the pages, unless the parent has them. */
	uint32_t flags = p->has_flags ? p->flags : p->in_parent ? IMG_PARENT : IMG_PRESENT;

	while (w->at < w->mm->n_vmas && w->mm->vmas[w->at]->end <= p->vaddr)
		w->at++;
	if (w->r->json)
		return put_run(w, p->vaddr, pages, flags, e);
	show_run(w, p->vaddr, pages);
	return 0;
}

static int take_runs(struct walk *w, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	bool head = true;
	int rc;

	if (source_image(w->c->source, IMG_PAGEMAP, w->pid, &r, e))
		return -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		rc = head ? 0 : take_run(w, (const PagemapEntry *)msg, e);
		head = false;
		img_free(msg);
		if (rc)
			return -1;
	}
	return rc;
}

static int take_task(struct walk *w, struct err *e)
{
	struct json_object *row;
	size_t before = w->r->nr;

	if (!w->r->json)
		printf("%u\n", w->pid);
	if (w->mm && take_runs(w, e))
		return -1;
	if (!w->r->json || w->r->nr != before)
		return 0;
	row = json_object_new_object();
	row_uint(row, "pid", w->pid);
	return rows_put(w->r, row, e);
}

static int rss_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	int rc = checkpoint_files(c, e);

	for (size_t i = 0; !rc && i < c->nr_tasks; i++) {
		struct walk w = { .c = c, .r = r, .pid = c->tasks[i]->pid };
		MmEntry *mm;

		if (checkpoint_mm(c, w.pid, &mm, e))
			return -1;
		w.mm = mm;
		rc = take_task(&w, e);
		img_free(mm);
	}
	return rc;
}

const struct view view_rss = {
	.name = "rss",
	.rows = rss_rows,
};
