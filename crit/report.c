// SPDX-License-Identifier: GPL-2.0-only
/* crit report: a checkpoint as one HTML page that needs nothing else: no script, no font, no image from anywhere. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/guard.h"
#include "base/version.h"
#include "crit/crit.h"
#include "crit/map.h"
#include "crit/report.h"
#include "inventory.pb-c.h"
#include "stats.pb-c.h"
#include "utsns.pb-c.h"

int report_rows(struct report *r, const struct view *v,
		void (*sink)(void *report, struct json_object *row, struct json_object *before), struct err *e)
{
	struct rows rows;
	int rc;

	rows_begin(&rows, false, NULL);
	rows.sink = sink;
	rows.arg = r;
	rc = v->rows(&r->c, &rows, e);
	rows_end(&rows);
	return rc;
}

static void fact(FILE *out, const char *name, const char *value, bool wide)
{
	fprintf(out, "<div%s><dt>%s</dt><dd>", wide ? " class=w" : "", name);
	html_text(out, value);
	fputs("</dd></div>\n", out);
}

static void put_totals(struct report *r)
{
	uint64_t saved = 0, mapped = 0;
	size_t threads = 0, fds = 0;
	FILE *out = r->out;

	for (size_t i = 0; i < r->nr_tasks; i++) {
		threads += r->tasks[i].nr_threads;
		fds += r->tasks[i].nr_fds;
		mapped += r->tasks[i].mapped;
		saved += r->tasks[i].by_kind[EXTENT_IMAGE];
	}
	fputs("<div><dt>Processes</dt><dd>", out);
	html_count(out, r->nr_tasks);
	fputs("</dd></div>\n<div><dt>Threads</dt><dd>", out);
	html_count(out, threads);
	fputs("</dd></div>\n<div><dt>Descriptors</dt><dd>", out);
	html_count(out, fds);
	fputs("</dd></div>\n<div><dt>Memory saved</dt><dd>", out);
	html_size(out, saved);
	fputs("</dd></div>\n<div><dt>Memory mapped</dt><dd>", out);
	html_size(out, mapped);
	fputs("</dd></div>\n", out);
}

/* When the last file of the checkpoint was written: the inventory. */
static void put_time(struct report *r)
{
	_cleanup_part_ struct part p = PART_NONE;
	struct err ignored;
	struct stat st;
	struct tm tm;
	char text[64];

	if (source_file(r->c.source, "inventory.img", &p, &ignored) || fstat(p.fd, &st) ||
	    !localtime_r(&st.st_mtime, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm);
	fact(r->out, source_dirfd(r->c.source) < 0 ? "Archive written" : "Written", text, true);
}

static int put_inventory(struct report *r, struct err *e)
{
	ProtobufCMessage *msg;
	const InventoryEntry *inv;
	char text[96];

	if (source_optional(r->c.source, IMG_INVENTORY, 0, &msg, e))
		return -1;
	inv = (const InventoryEntry *)msg;
	if (inv) {
		snprintf(text, sizeof(text), "1.%u", inv->img_version ? inv->img_version - 1 : 0);
		fact(r->out, "Image version", text, false);
	}
	if (inv && inv->has_dump_uptime) {
		uint64_t s = inv->dump_uptime / 1000000;

		snprintf(text, sizeof(text), "%" PRIu64 "d %02u:%02u:%02u", s / 86400, (unsigned int)(s / 3600 % 24),
			 (unsigned int)(s / 60 % 60), (unsigned int)(s % 60));
		fact(r->out, "Uptime at the dump", text, false);
	}
	if (inv && inv->has_lsmtype && inv->lsmtype != LSMTYPE__NO_LSM)
		fact(r->out, "Security module", inv->lsmtype == LSMTYPE__SELINUX ? "SELinux" : "AppArmor", false);
	img_free(msg);
	return 0;
}

static int put_stats(struct report *r, struct err *e)
{
	ProtobufCMessage *msg;
	const DumpStatsEntry *d;
	char text[96];

	if (source_optional(r->c.source, IMG_STATS_DUMP, 0, &msg, e))
		return -1;
	d = msg ? ((const StatsEntry *)msg)->dump : NULL;
	if (d) {
		snprintf(text, sizeof(text), "%.1f ms", (d->freezing_time + (double)d->frozen_time) / 1000);
		fact(r->out, "Tasks stood still for", text, false);
		fputs("<div><dt>Pages written</dt><dd>", r->out);
		html_count(r->out, d->pages_written + (d->has_shpages_written ? d->shpages_written : 0));
		fputs("</dd></div>\n", r->out);
	}
	img_free(msg);
	return 0;
}

static const char *architecture(CoreEntry__March m)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&core_entry__march__descriptor, (int)m);

	return v ? v->name : "unknown";
}

/* What the first task says about the machine. */
static int put_machine(struct report *r, struct err *e)
{
	ProtobufCMessage *uts = NULL;
	CoreEntry *core;
	int rc = 0;

	if (!r->c.nr_tasks)
		return 0;
	if (checkpoint_core(&r->c, r->c.tasks[0]->pid, true, &core, e))
		return -1;
	fact(r->out, "Architecture", architecture(core->mtype), false);
	if (core->ids && core->ids->has_uts_ns_id)
		rc = source_optional(r->c.source, IMG_UTSNS, checkpoint_ns_key(&r->c, core->ids->uts_ns_id), &uts, e);
	if (uts)
		fact(r->out, "Host name", ((const UtsnsEntry *)uts)->nodename, false);
	img_free(uts);
	img_free(core);
	return rc;
}

static const struct {
	const char *id, *name;
	int (*put)(struct report *r, struct err *e);
} sections[] = {
	{ "tasks", "Processes", report_tree },
	{ "memory", "Memory", report_memory },
	{ "files", "Descriptors", report_descriptors },
	{ "sockets", "Sockets", report_sockets },
	{ "namespaces", "Namespaces", report_namespaces },
	{ "images", "Images", report_images },
};

static int put_header(struct report *r, struct err *e)
{
	const struct report_task *root = r->nr_tasks ? &r->tasks[0] : NULL;
	FILE *out = r->out;

	fputs("<header><div><p class=over>Checkpoint</p>\n<h1>", out);
	html_text(out, root ? root->comm : "no task");
	if (root)
		fprintf(out, "<small>pid %u</small>", root->pid);
	fputs("</h1>\n", out);
	if (root && root->args) {
		fputs("<p class=args><code class=cut>", out);
		html_text(out, root->args);
		fputs("</code></p>\n", out);
	}
	fputs("<dl class=facts>\n", out);
	put_totals(r);
	if (put_machine(r, e) || put_inventory(r, e) || put_stats(r, e))
		return -1;
	put_time(r);
	fact(out, "From", source_path(r->c.source), true);
	fputs("</dl></div></header>\n<nav><div>", out);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		fprintf(out, "<a href=\"#%s\">%s</a>", sections[i].id, sections[i].name);
	fputs("</div></nav>\n", out);
	return 0;
}

static int put_page(struct report *r, struct err *e)
{
	char title[128];

	snprintf(title, sizeof(title), "Checkpoint of %s", r->nr_tasks ? r->tasks[0].comm : "no task");
	html_begin(r->out, title);
	if (put_header(r, e))
		return -1;
	fputs("<main>\n", r->out);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (sections[i].put(r, e))
			return -1;
	}
	fputs("</main>\n<footer><div>Made by crit " CRKIT_VERSION
	      ", which changed nothing in the checkpoint.</div></footer>\n",
	      r->out);
	html_end(r->out);
	return 0;
}

static void report_close(struct report *r)
{
	for (size_t i = 0; i < r->nr_tasks; i++) {
		free(r->tasks[i].comm);
		free(r->tasks[i].args);
		free(r->tasks[i].state);
	}
	free(r->tasks);
	if (r->by_pid)
		map_free(r->by_pid);
	free(r->by_pid);
	checkpoint_close(&r->c);
}

static int report(const char *dir, const char *path, struct err *e)
{
	_cleanup_output_ struct output o = { .fd = -1 };
	_cleanup_(report_close) struct report r = { 0 };
	_cleanup_fclose_ FILE *out = NULL;

	if (checkpoint_open(&r.c, dir, e))
		return CRIT_FAILED;
	if (checkpoint_files(&r.c, e) || report_collect(&r, e)) {
		err_in(e, "%s", dir);
		return CRIT_FAILED;
	}
	if (output_open(&o, path, e))
		return CRIT_FAILED;
	r.out = out = fdopen(dup(o.fd), "w");
	if (!out)
		return err_set(e, errno, "cannot write %s", o.name), CRIT_FAILED;
	if (put_page(&r, e)) {
		err_in(e, "%s", dir);
		return CRIT_FAILED;
	}
	if (fclose(take_ptr(out)))
		return err_set(e, errno, "cannot write %s", o.name), CRIT_FAILED;
	return output_commit(&o, e) ? CRIT_FAILED : CRIT_OK;
}

static int report_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	const char *out = NULL;
	int c, status;

	while ((c = crit_option(self, argc, argv, &status, e)) > 0)
		out = strcmp(optarg, "-") ? optarg : NULL;
	if (c < 0)
		return status;
	if (optind + 1 != argc)
		return crit_usage(e, "report: give one checkpoint");
	return report(argv[optind], out, e);
}

const struct crit_verb verb_report = {
	.name = "report",
	.summary = "a checkpoint as an HTML page",
	.usage = "report [-o FILE] DIR\n"
		 "Writes one self-contained HTML page about the checkpoint in DIR, a directory or an archive:\n"
		 "the process tree, memory drawn to scale, descriptors, sockets, namespaces and sizes.\n\n"
		 "  -o, --out FILE  the page (default, or \"-\": standard output)\n"
		 "  -h, --help      this text\n",
	.options = (const struct option[]){ { "out", required_argument, NULL, 'o' }, { 0 } },
	.letters = "o:",
	.run = report_run,
};
