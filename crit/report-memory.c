// SPDX-License-Identifier: GPL-2.0-only
/* crit report: the memory of each task, in figures and drawn. */
#include <stdlib.h>

#include "base/guard.h"
#include "crit/report.h"

/* Of so many tasks, those with most in the images, the address space is drawn; of so many it is seen at once. */
#define DRAWN_MAX 48
#define OPEN_MAX  2

static void put_legend(FILE *out)
{
	static const char *const names[] = {
		[CLASS_CODE] = "program code",
		[CLASS_FILE] = "file",
		[CLASS_HEAP] = "heap",
		[CLASS_STACK] = "stack",
		[CLASS_ANON] = "anonymous",
		[CLASS_SHARED] = "shared memory",
		[CLASS_KERNEL] = "the kernel's own",
	};

	fputs("<ul class=legend>", out);
	for (int c = 0; c < CLASS_NR; c++)
		fprintf(out, "<li><i class=b%d></i>%s</li>", c, names[c]);
	fputs("<li><i class=\"b0 v0\"></i><i class=\"b0 v1\"></i><i class=\"b0 v3\"></i>"
	      "nothing, some, all of it saved in the images</li></ul>\n",
	      out);
}

static void put_figure(FILE *out, const char *what, uint64_t bytes)
{
	if (!bytes)
		return;
	fputs("<span class=soft>", out);
	html_size(out, bytes);
	fprintf(out, " %s</span>", what);
}

static void put_summary(const struct report *r, const struct report_task *t)
{
	FILE *out = r->out;

	fprintf(out, "<summary><b>%u ", t->pid);
	html_text(out, t->comm);
	fputs("</b><span>", out);
	html_size(out, t->by_kind[EXTENT_IMAGE]);
	fputs(" saved: ", out);
	html_count(out, t->by_kind[EXTENT_IMAGE] / IMG_PAGE_SIZE);
	fputs(" pages</span><span class=soft>", out);
	html_size(out, t->mapped);
	fputs(" in ", out);
	html_count(out, t->nr_mappings);
	fprintf(out, " mapping%s</span>", t->nr_mappings == 1 ? "" : "s");
	put_figure(out, "unchanged in files", t->by_kind[EXTENT_FILE]);
	put_figure(out, "never touched", t->by_kind[EXTENT_ZERO]);
	put_figure(out, "not in the images", t->by_kind[EXTENT_LOST]);
	if (t->has_pages)
		fprintf(out, "<code class=soft>pages-%u.img</code>", t->pages_id);
	fputs("</summary>", out);
}

static int by_saved(const void *a, const void *b)
{
	const struct report_task *x = *(const struct report_task *const *)a, *y = *(const struct report_task *const *)b;

	if (x->by_kind[EXTENT_IMAGE] != y->by_kind[EXTENT_IMAGE])
		return x->by_kind[EXTENT_IMAGE] < y->by_kind[EXTENT_IMAGE] ? 1 : -1;
	return (x > y) - (x < y);
}

int report_memory(struct report *r, struct err *e)
{
	_cleanup_free_ const struct report_task **sorted = calloc(r->nr_tasks + 1, sizeof(struct report_task *));
	FILE *out = r->out;
	size_t n = 0;

	if (!sorted)
		return err_nomem(e, "the tasks");
	for (size_t i = 0; i < r->nr_tasks; i++) {
		if (r->tasks[i].has_memory)
			sorted[n++] = &r->tasks[i];
	}
	qsort(sorted, n, sizeof(*sorted), by_saved);
	fputs("<section id=memory><h2>Memory</h2>\n<p class=note>Address spaces to scale, those with most saved pages first. Long "
	      "stretches without anything are only named. Memory that tasks share counts for each of them.</p>\n",
	      out);
	put_legend(out);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "<details id=m%u%s>", sorted[i]->pid, i < OPEN_MAX ? " open" : "");
		put_summary(r, sorted[i]);
		fputs("<div class=in>", out);
		if (i >= DRAWN_MAX)
			fprintf(out, "<p class=note>Not drawn. <code>crit x DIR mems</code> lists its mappings.</p>");
		else if (report_map(r, sorted[i], e))
			return err_in(e, "pid %u", sorted[i]->pid);
		fputs("</div></details>\n", out);
	}
	fputs("</section>\n", out);
	return 0;
}
