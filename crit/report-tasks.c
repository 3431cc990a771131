// SPDX-License-Identifier: GPL-2.0-only
/* crit report: what each task is, and the process tree. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/guard.h"
#include "crit/map.h"
#include "crit/report.h"
#include "libimg/vma.h"
#include "pagemap.pb-c.h"

/* Of a command line; the rest is in crit x args. */
#define ARGS_MAX 400

struct report_task *report_find(struct report *r, uint32_t pid)
{
	const uint32_t *at = map_get(r->by_pid, 0, pid);

	return at ? &r->tasks[*at] : NULL;
}

static char *copy(struct report *r, const char *s)
{
	char *p = strdup(s);

	if (!p)
		r->no_memory = true;
	return p;
}

static void take_task(void *arg, struct json_object *row, struct json_object *before)
{
	struct report *r = arg;
	struct json_object *creds = row_get(row, "creds");
	struct report_task *t;

	(void)before;
	if (r->nr_tasks == r->room) { /* never: there are as many rows as tasks */
		r->no_memory = true;
		return;
	}
	t = &r->tasks[r->nr_tasks];
	*t = (struct report_task){
		.pid = (uint32_t)row_get_uint(row, "pid"),
		.ppid = (uint32_t)row_get_uint(row, "ppid"),
		.depth = (uint32_t)row_get_uint(row, "depth"),
		.nr_threads = row_get_nr(row, "threads"),
		.comm = copy(r, row_get_text(row, "comm")),
		.state = row_has(row, "state") ? copy(r, row_get_text(row, "state")) : NULL,
		.has_uid = creds != NULL,
		.uid = creds ? (uint32_t)row_get_uint(creds, "uid") : 0,
	};
	map_put(r->by_pid, 0, t->pid, (uint32_t)r->nr_tasks++);
}

static void take_argument(void *arg, struct json_object *row, struct json_object *before)
{
	struct report *r = arg;
	struct report_task *t = report_find(r, (uint32_t)row_get_uint(row, "pid"));
	size_t len = t && t->args ? strlen(t->args) : 0;
	char *longer;

	(void)before;
	if (!t || !row_has(row, "value") || len >= ARGS_MAX)
		return;
	if (asprintf(&longer, "%s%s%.*s", len ? t->args : "", len ? " " : "", (int)(ARGS_MAX - len),
		     row_get_text(row, "value")) < 0) {
		r->no_memory = true;
		return;
	}
	free(t->args);
	t->args = longer;
}

static void count_descriptor(void *arg, struct json_object *row, struct json_object *before)
{
	struct report_task *t = report_find(arg, (uint32_t)row_get_uint(row, "pid"));

	(void)before;
	if (t && row_has(row, "fd"))
		t->nr_fds++;
}

enum report_class report_classify(const MmEntry *mm, const VmaEntry *v)
{
	if (v->status & VMA_KERNEL)
		return CLASS_KERNEL;
	if (v->status & (VMA_ANON_SHARED | VMA_SYSVIPC | VMA_MEMFD))
		return CLASS_SHARED;
	if (v->status & VMA_FILE)
		return v->prot & 4 ? CLASS_CODE : CLASS_FILE;
	if (v->status & VMA_HEAP || (v->start < mm->mm_brk && v->end > mm->mm_start_brk))
		return CLASS_HEAP;
	if (v->status & VMA_STACK || v->flags & 0x100 ||
	    (v->start <= mm->mm_start_stack && mm->mm_start_stack < v->end))
		return CLASS_STACK;
	return CLASS_ANON;
}

static int measure(struct report *r, struct report_task *t, struct err *e)
{
	_cleanup_memory_ struct memory *m = NULL;
	const VmaEntry *last = NULL;
	uint64_t at = 0;
	struct extent x;
	int rc;

	if (memory_open(&m, r->c.source, t->pid, e))
		return -1;
	if (!m)
		return 0;
	t->has_memory = true;
	while ((rc = memory_extent(m, at, &x, e)) > 0) {
		t->mapped += x.size;
		t->by_kind[x.kind] += x.size;
		if (x.kind == EXTENT_IMAGE)
			t->in_image[report_classify(memory_mm(m), x.vma)] += x.size;
		t->nr_mappings += x.vma != last;
		last = x.vma;
		at = x.addr + x.size;
		if (at <= x.addr)
			break;
	}
	return rc < 0 ? err_in(e, "pid %u", t->pid) : 0;
}

/* Which pages image is a task's? */
static int find_pages(struct report *r, struct report_task *t, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *reader = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(r->c.source, IMG_PAGEMAP, t->pid, &reader, e))
		return e->errnum == ENOENT ? 0 : -1;
	rc = img_get(reader, &msg, e);
	if (rc <= 0)
		return rc;
	t->has_pages = true;
	t->pages_id = ((const PagemapHead *)msg)->pages_id;
	img_free(msg);
	return 0;
}

int report_collect(struct report *r, struct err *e)
{
	r->room = r->c.nr_tasks;
	r->tasks = calloc(r->room + 1, sizeof(*r->tasks));
	r->by_pid = calloc(1, sizeof(*r->by_pid));
	if (!r->tasks || !r->by_pid)
		return err_nomem(e, "the tasks");
	if (report_rows(r, &view_ps, take_task, e) || report_rows(r, &view_args, take_argument, e) ||
	    report_rows(r, &view_fds, count_descriptor, e))
		return -1;
	for (size_t i = 0; i < r->nr_tasks; i++) {
		if (measure(r, &r->tasks[i], e) || find_pages(r, &r->tasks[i], e))
			return -1;
	}
	return r->no_memory || r->by_pid->no_memory ? err_nomem(e, "the tasks") : 0;
}

/* --- the tree --------------------------------------------------------------------------------------------------- */

/* Deeper levels are not moved further to the right: the pid of the parent is there to tell. */
#define DEPTH_SHOWN 24

static void put_branches(const struct report *r, size_t i)
{
	uint32_t depth = r->tasks[i].depth < DEPTH_SHOWN ? r->tasks[i].depth : DEPTH_SHOWN;
	bool last = true;

	if (!depth)
		return;
	for (size_t k = i + 1; last && k < r->nr_tasks && r->tasks[k].depth >= r->tasks[i].depth; k++)
		last = r->tasks[k].depth != r->tasks[i].depth;
	fprintf(r->out, "<span class=tree>%*s%s </span>", (int)(2 * (depth - 1)), "", last ? "└" : "├");
}

static void put_saved(FILE *out, const struct report_task *t, uint64_t most)
{
	uint64_t all = t->by_kind[EXTENT_IMAGE];

	if (!most)
		return;
	fprintf(out, "<span class=bar style=\"width:%.1f%%\">", 100 * (double)all / (double)most);
	for (int c = 0; c < CLASS_NR; c++) {
		if (t->in_image[c])
			fprintf(out, "<i class=b%d style=\"width:%.2f%%\"></i>", c,
				100 * (double)t->in_image[c] / (double)all);
	}
	fputs("</span>", out);
}

static void put_task_row(const struct report *r, size_t i, uint64_t most)
{
	const struct report_task *t = &r->tasks[i];
	FILE *out = r->out;

	fputs("<tr><td class=\"r m\">", out);
	if (t->has_memory)
		fprintf(out, "<a href=\"#m%u\">%u</a>", t->pid, t->pid);
	else
		fprintf(out, "%u", t->pid);
	fputs("</td><td class=f>", out);
	put_branches(r, i);
	fputs("<b>", out);
	html_text(out, t->comm);
	fputs("</b>", out);
	if (t->state && strcasecmp(t->state, "alive")) {
		fputs(" <span class=pill>", out);
		html_text(out, t->state);
		fputs("</span>", out);
	}
	if (t->args) {
		fputs("<code class=\"soft cut\">", out);
		html_text(out, t->args);
		fputs("</code>", out);
	}
	fputs("</td><td class=r>", out);
	if (t->has_uid)
		fprintf(out, "%u", t->uid);
	fputs("</td><td class=\"r wide\">", out);
	html_count(out, t->nr_threads);
	fprintf(out, "</td><td class=r><a href=\"#f%u\">", t->pid);
	html_count(out, t->nr_fds);
	fputs("</a></td><td class=\"r wide\">", out);
	html_size(out, t->mapped);
	fputs("</td><td class=r>", out);
	html_size(out, t->by_kind[EXTENT_IMAGE]);
	fputs("</td><td class=wide>", out);
	put_saved(out, t, most);
	fputs("</td></tr>\n", out);
}

int report_tree(struct report *r, struct err *e)
{
	uint64_t most = 0;

	(void)e;
	for (size_t i = 0; i < r->nr_tasks; i++)
		most = r->tasks[i].by_kind[EXTENT_IMAGE] > most ? r->tasks[i].by_kind[EXTENT_IMAGE] : most;
	fputs("<section id=tasks><h2>Processes</h2>\n<p class=note>The tree as it was; each task with its command line.</p>\n"
	      "<div class=card><table><thead><tr><th class=r>PID</th><th>Command</th><th class=r>UID</th>"
	      "<th class=\"r wide\">Threads</th><th class=r>FDs</th><th class=\"r wide\">Mapped</th><th class=r>Saved</th>"
	      "<th class=wide></th></tr></thead>\n<tbody>\n",
	      r->out);
	for (size_t i = 0; i < r->nr_tasks; i++)
		put_task_row(r, i, most);
	fputs("</tbody></table></div></section>\n", r->out);
	return 0;
}
