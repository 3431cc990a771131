// SPDX-License-Identifier: GPL-2.0-only
/* crit x mems and x rss: the mappings of each task, and which of their pages are in the images. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/guard.h"
#include "crit/checkpoint.h"
#include "libimg/vma.h"
#include "pagemap.pb-c.h"

#define MAP_GROWS_DOWN 0x100u

/* Shared objects get numbers in the order in which they are met: their ids mean nothing to people. */
struct numbers {
	uint64_t *ids;
	size_t n;
};

static size_t number_of(struct numbers *s, uint64_t id)
{
	uint64_t *p;

	for (size_t i = 0; i < s->n; i++) {
		if (s->ids[i] == id)
			return i + 1;
	}
	p = reallocarray(s->ids, s->n + 1, sizeof(*p));
	if (!p)
		return 0;
	s->ids = p;
	s->ids[s->n++] = id;
	return s->n;
}

static void show_object(const struct checkpoint *c, const VmaEntry *v, struct numbers *s)
{
	if (v->status & VMA_SYSVIPC)
		printf(" ips[%zx]", number_of(s, v->shmid));
	else if (v->status & VMA_ANON_SHARED)
		printf(" shmem[%zx]", number_of(s, v->shmid));
	else if (v->status & VMA_SOCKET)
		printf(" packet[%zx]", number_of(s, v->shmid));
	else if (v->status & VMA_FILE) {
		putchar(' ');
		put_file(c, FD_TYPES__REG, (uint32_t)v->shmid);
		if (v->pgoff)
			printf(" + 0x%" PRIx64, v->pgoff);
		if (v->status & VMA_FILE_SHARED)
			printf(" (s)");
	} else if (v->status & VMA_STACK)
		printf(" [stack]");
	else if (v->status & VMA_VSYSCALL)
		printf(" [vsyscall]");
	else if (v->status & VMA_VDSO)
		printf(" [vdso]");
	else if (v->flags & MAP_GROWS_DOWN)
		printf(" [stack?]");
	if (!(v->status & VMA_REGULAR))
		printf(" *");
}

static void show_mapping(const struct checkpoint *c, const VmaEntry *v, struct numbers *s)
{
	char range[64];

	snprintf(range, sizeof(range), "%08" PRIx64 "-%08" PRIx64, v->start, v->end);
	printf("\t%-36s%c%c%c", range, v->prot & 1 ? 'r' : '-', v->prot & 2 ? 'w' : '-', v->prot & 4 ? 'x' : '-');
	show_object(c, v, s);
	putchar('\n');
}

int view_mems(struct checkpoint *c, struct err *e)
{
	struct numbers s = { 0 };
	ProtobufCMessage *msg;
	int ret = checkpoint_files(c, e);

	for (size_t i = 0; !ret && i < c->nr_tasks; i++) {
		const MmEntry *mm;

		ret = source_optional(c->source, IMG_MM, c->tasks[i]->pid, &msg, e);
		if (ret)
			break;
		printf("%u\n", c->tasks[i]->pid);
		mm = (const MmEntry *)msg;
		if (!mm) /* a dead task */
			continue;
		printf("\t%-36s    ", "exe");
		put_file(c, FD_TYPES__REG, mm->exe_file_id);
		putchar('\n');
		for (size_t v = 0; v < mm->n_vmas; v++)
			show_mapping(c, mm->vmas[v], &s);
		img_free(msg);
	}
	free(s.ids);
	return ret;
}

/* Where a walk along the mappings and the runs of pages stands; both are in address order. */
struct walk {
	const struct checkpoint *c;
	const MmEntry *mm;
	size_t at;    /* the first mapping that does not end below the run */
	size_t shown; /* the mapping shown last, plus 1 */
};

static void show_run(struct walk *w, const PagemapEntry *p)
{
	uint64_t pages = p->has_nr_pages ? p->nr_pages : p->compat_nr_pages;
	uint64_t end = p->vaddr + pages * IMG_PAGE_SIZE;
	char run[64];

	snprintf(run, sizeof(run), "%" PRIx64 " / %-8" PRIu64, p->vaddr, pages);
	printf("\t%-23s", run);
	while (w->at < w->mm->n_vmas && w->mm->vmas[w->at]->end <= p->vaddr)
		w->at++;
	for (size_t i = w->at; i < w->mm->n_vmas && w->mm->vmas[i]->start < end; i++) {
		const VmaEntry *v = w->mm->vmas[i];

		if (w->shown == i + 1) {
			printf(" ~");
		} else {
			printf(" %08" PRIx64 " / %-8" PRIu64, v->start, (v->end - v->start) / IMG_PAGE_SIZE);
			if (v->status & VMA_FILE) {
				putchar(' ');
				put_file(w->c, FD_TYPES__REG, (uint32_t)v->shmid);
			}
			w->shown = i + 1;
		}
		printf("\n\t%23s", "");
	}
	putchar('\n');
}

static int show_pages(struct walk *w, uint32_t pid, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	bool head = true;
	int rc;

	if (source_image(w->c->source, IMG_PAGEMAP, pid, &r, e))
		return -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		if (!head)
			show_run(w, (const PagemapEntry *)msg);
		head = false;
		img_free(msg);
	}
	return rc;
}

int view_rss(struct checkpoint *c, struct err *e)
{
	int ret = checkpoint_files(c, e);

	for (size_t i = 0; !ret && i < c->nr_tasks; i++) {
		ProtobufCMessage *msg;
		struct walk w = { .c = c };

		ret = source_optional(c->source, IMG_MM, c->tasks[i]->pid, &msg, e);
		if (ret)
			break;
		printf("%u\n", c->tasks[i]->pid);
		w.mm = (const MmEntry *)msg;
		if (w.mm)
			ret = show_pages(&w, c->tasks[i]->pid, e);
		img_free(msg);
	}
	return ret;
}
