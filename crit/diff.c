// SPDX-License-Identifier: GPL-2.0-only
/* crit diff: what is different between two checkpoints. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crit/checkpoint.h"
#include "crit/colour.h"
#include "crit/crit.h"
#include "crit/diff.h"

/* --- rows ---------------------------------------------------------------------------------------------------------- */

struct json_object *diff_row(const struct subject *s, const char *change)
{
	struct json_object *row = json_object_new_object();

	row_text(row, "kind", s->kind);
	row_text(row, "change", change);
	row_uint(row, "pid", s->pid);
	if (!strcmp(s->kind, "descriptor"))
		row_uint(row, "fd", s->fd);
	if (s->end) {
		row_hex(row, "start", s->start);
		row_hex(row, "end", s->end);
	}
	return row;
}

void diff_put(struct diff *d, struct json_object *row)
{
	d->nr++;
	if (d->failed)
		json_object_put(row);
	else
		d->failed = rows_put(&d->rows, row, d->e) != 0;
}

void diff_field(struct diff *d, const struct subject *s, const char *field, const char *before, const char *after)
{
	struct json_object *row = diff_row(s, "changed");

	row_text(row, "field", field);
	if (before)
		row_text(row, "before", before);
	if (after)
		row_text(row, "after", after);
	diff_put(d, row);
}

static void show_subject(struct json_object *row)
{
	printf("pid %" PRIu64 ": ", row_get_uint(row, "pid"));
	if (row_has(row, "fd"))
		printf("fd %" PRIu64 ": ", row_get_uint(row, "fd"));
	if (row_has(row, "start"))
		printf("%08" PRIx64 "-%08" PRIx64 ": ", row_get_uint(row, "start"), row_get_uint(row, "end"));
}

static void show_row(struct json_object *row, struct json_object *before)
{
	static const char *const details[] = { "type", "access", "path", "comm" };

	show_subject(row);
	if (row_has(row, "differ")) {
		printf("pages: %" PRIu64 " differ, %" PRIu64 " only before, %" PRIu64 " only after\n",
		       row_get_uint(row, "differ"), row_get_uint(row, "only_before"), row_get_uint(row, "only_after"));
		return;
	}
	if (row_has(row, "field")) {
		printf("%s: ", row_get_text(row, "field"));
		put_text(row_has(row, "before") ? row_get_text(row, "before") : "(none)");
		printf(" -> ");
		put_text(row_has(row, "after") ? row_get_text(row, "after") : "(none)");
		putchar('\n');
		return;
	}
	printf("%s%s%s %s", colour(!strcmp(row_get_text(row, "change"), "added") ? COLOUR_GOOD : COLOUR_BAD),
	       row_get_text(row, "change"), colour(COLOUR_NONE), row_get_text(row, "kind"));
	for (size_t i = 0; i < ARRAY_SIZE(details); i++) {
		if (row_has(row, details[i])) {
			putchar(' ');
			put_text(row_get_text(row, details[i]));
		}
	}
	putchar('\n');
}

/* --- tasks ---------------------------------------------------------------------------------------------------------- */

static const struct task *find_task(const struct side *s, uint32_t pid)
{
	const uint32_t *n = map_get(&s->index.map, SPACE_TASK, pid);

	return n ? &s->index.tasks[*n] : NULL;
}

static void put_task(struct diff *d, const struct task *t, const char *change)
{
	const struct subject s = { .kind = "task", .pid = t->entry->pid };
	struct json_object *row = diff_row(&s, change);

	if (t->core && t->core->tc)
		row_text(row, "comm", t->core->tc->comm);
	diff_put(d, row);
}

static void compare_threads(struct diff *d, const struct subject *s, const struct task *a, const struct task *b)
{
	/* Where a thread is in its work changes from moment to moment. */
	static const char *const ignored[] = { "futex_rla",  "futex_rla_len", "restart_nr", "restart_left_ns",
					       "rseq_entry", "cg_set",	      "blk_sigset", NULL };

	for (size_t i = 0; i < b->entry->n_threads; i++) {
		uint32_t tid = b->entry->threads[i];
		const CoreEntry *x = images_one(&d->a.index.im, IMG_CORE, tid);
		const CoreEntry *y = images_one(&d->b.index.im, IMG_CORE, tid);
		const uint32_t *was_of = map_get(&d->a.index.map, SPACE_THREAD, tid);
		char path[48] = "";

		if (!tid || !x || !y || !was_of || &d->a.index.tasks[*was_of] != a || !x->thread_core ||
		    !y->thread_core)
			continue;
		if (tid != b->entry->pid)
			snprintf(path, sizeof(path), "thread %u: ", tid);
		strcat(path, "thread_core");
		diff_messages(d, s, path, &x->thread_core->base, &y->thread_core->base, ignored);
	}
}

static void compare_path(struct diff *d, const struct subject *s, const char *field, uint32_t a, uint32_t b)
{
	if (strcmp(diff_path(&d->a, a), diff_path(&d->b, b)))
		diff_field(d, s, field, diff_path(&d->a, a), diff_path(&d->b, b));
}

static void compare_paths(struct diff *d, const struct subject *s)
{
	const FsEntry *f = images_one(&d->a.index.im, IMG_FS, s->pid), *g = images_one(&d->b.index.im, IMG_FS, s->pid);
	const MmEntry *m = images_one(&d->a.index.im, IMG_MM, s->pid), *n = images_one(&d->b.index.im, IMG_MM, s->pid);

	if (m && n)
		compare_path(d, s, "exe", m->exe_file_id, n->exe_file_id);
	if (!f || !g)
		return;
	compare_path(d, s, "cwd", f->cwd_id, g->cwd_id);
	compare_path(d, s, "root", f->root_id, g->root_id);
	if (f->umask != g->umask) {
		char x[16], y[16];

		snprintf(x, sizeof(x), "%04o", f->umask);
		snprintf(y, sizeof(y), "%04o", g->umask);
		diff_field(d, s, "umask", x, y);
	}
}

static void compare_tasks(struct diff *d, const struct task *a, const struct task *b)
{
	/* Timers run on: what is left of them differs always. */
	static const char *const ignored[] = { "timers", "cg_set", "blk_sigset", NULL };
	const struct subject s = { .kind = "task", .pid = a->entry->pid };

	diff_messages(d, &s, "", &a->entry->base, &b->entry->base, NULL);
	if (a->core && b->core && a->core->tc && b->core->tc)
		diff_messages(d, &s, "tc", &a->core->tc->base, &b->core->tc->base, ignored);
	compare_threads(d, &s, a, b);
	compare_paths(d, &s);
	diff_descriptors(d, a, b);
	diff_memory(d, s.pid);
}

static void compare_trees(struct diff *d)
{
	for (size_t i = 0; i < d->a.index.nr_tasks && !d->failed; i++) {
		const struct task *t = &d->a.index.tasks[i], *other = find_task(&d->b, t->entry->pid);

		if (other)
			compare_tasks(d, t, other);
		else
			put_task(d, t, "gone");
	}
	for (size_t i = 0; i < d->b.index.nr_tasks && !d->failed; i++) {
		if (!find_task(&d->a, d->b.index.tasks[i].entry->pid))
			put_task(d, &d->b.index.tasks[i], "new");
	}
}

/* --- the two sides --------------------------------------------------------------------------------------------------- */

/* What cannot be read, or is there twice, cannot be compared. */
static int refuse(void *arg, const struct finding *f, struct err *e)
{
	const struct side *s = arg;

	err_set(e, 0, "%s: %s: record %zu: %s", s->path, f->image, f->record, f->text);
	return err_hint(e, "\"crit verify %s\" tells all that is wrong with it", s->path);
}

static void add_queue(struct side *s, uint32_t space, uint32_t id, uint32_t bytes)
{
	if (!map_put(&s->packets, space, id, 1))
		++*map_get(&s->packets, space, id);
	if (!map_put(&s->bytes, space, id, bytes))
		*map_get(&s->bytes, space, id) += bytes;
}

static int open_side(struct side *s, const char *path, struct err *e)
{
	static const enum img_id pipes[] = { IMG_PIPES_DATA, IMG_FIFO_DATA };

	s->path = path;
	if (source_open(&s->source, path, e) || verify_begin(&s->index, s->source, refuse, s, e))
		return -1;
	FOR_RECORDS(&s->index, IMG_SK_QUEUES, i, m, nr)
	add_queue(s, IMG_SK_QUEUES, ((const SkPacketEntry *)m)->id_for, ((const SkPacketEntry *)m)->length);
	for (size_t k = 0; k < ARRAY_SIZE(pipes); k++) {
		FOR_RECORDS(&s->index, pipes[k], i, m, nr)
		add_queue(s, pipes[k], ((const PipeDataEntry *)m)->pipe_id, ((const PipeDataEntry *)m)->bytes);
	}
	if (!images_find(&s->index.im, IMG_PSTREE, 0))
		return err_set(e, 0, "%s: there is no tree of tasks (pstree.img)", path);
	return s->packets.no_memory || s->bytes.no_memory ? err_nomem(e, path) : 0;
}

static void close_side(struct side *s)
{
	verify_end(&s->index);
	map_free(&s->packets);
	map_free(&s->bytes);
	source_close(&s->source);
}

static int diff(const char *a, const char *b, bool json, struct err *e)
{
	struct diff d = { .e = e };
	int ret;

	d.failed = open_side(&d.a, a, e) || open_side(&d.b, b, e);
	if (!d.failed) {
		rows_begin(&d.rows, json, show_row);
		compare_trees(&d);
		rows_end(&d.rows);
	}
	ret = d.failed ? CRIT_TROUBLE : d.nr ? CRIT_FAILED : CRIT_OK;
	if (ret == CRIT_FAILED)
		err_set(e, 0, "%s and %s: %zu %s", a, b, d.nr, d.nr == 1 ? "difference" : "differences");
	close_side(&d.a);
	close_side(&d.b);
	return ret;
}

static int diff_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	bool json = false;
	int status;

	if (crit_flag(self, argc, argv, &json, &status, e))
		return status;
	if (optind + 2 != argc)
		return crit_usage(e, "diff: give two directories or archives");
	return diff(argv[optind], argv[optind + 1], json, e);
}

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ 0 },
};

const struct crit_verb verb_diff = {
	.name = "diff",
	.summary = "what differs between two checkpoints",
	.usage = "diff [--json] A B\n"
		 "Compares two checkpoints, directories or archives: tasks, descriptors and the open files behind\n"
		 "them, mappings, and how many pages of each mapping have other content. Tasks are matched by pid,\n"
		 "descriptors by number, mappings by where they begin. Registers and running timers are left out.\n"
		 "Exit status: 0 no difference, 1 some, 2 wrong usage, 3 they cannot be compared.\n\n"
		 "      --json  one JSON array, an object for each difference\n"
		 "  -h, --help  this text\n",
	.options = options,
	.paged = true,
	.run = diff_run,
};
