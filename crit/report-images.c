// SPDX-License-Identifier: GPL-2.0-only
/* crit report: the files of the checkpoint, by kind, and how large they are. */
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/report.h"

/* Files that are listed one by one. */
#define FILES_MAX 2000

struct kind {
	const struct img_type *type; /* NULL: no image */
	size_t nr;
	uint64_t size;
};

struct file {
	const char *name;
	uint64_t size;
};

static int by_size(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return (x->type > y->type) - (x->type < y->type);
}

static int by_file_size(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return strcmp(x->name, y->name);
}

static int measure(struct report *r, struct kind *kinds, struct file *files, const char *const *names, size_t nr,
		   struct err *e)
{
	for (size_t i = 0; i < nr; i++) {
		const struct img_type *t = img_type_by_file(names[i]);
		struct kind *k = &kinds[t ? t->id : IMG_COUNT];
		_cleanup_part_ struct part p = PART_NONE;

		if (source_file(r->c.source, names[i], &p, e))
			return -1;
		k->type = t;
		k->nr++;
		k->size += p.size;
		files[i] = (struct file){ names[i], p.size };
	}
	return 0;
}

/* "pages-%u.img" is "pages-*.img" to people. */
static void put_pattern(FILE *out, const char *pattern)
{
	const char *hole = strchr(pattern, '%');

	if (!hole) {
		html_text(out, pattern);
		return;
	}
	fprintf(out, "%.*s*%s", (int)(hole - pattern), pattern, hole + strspn(hole, "%l") + 1);
}

static void put_kind(FILE *out, const struct kind *k, uint64_t all)
{
	double share = all ? 100 * (double)k->size / (double)all : 0;

	fputs("<tr><td class=l><code>", out);
	if (k->type)
		put_pattern(out, k->type->pattern);
	else
		fputs("other files", out);
	fputs("</code></td><td class=r>", out);
	html_count(out, k->nr);
	fputs("</td><td class=r>", out);
	html_size(out, k->size);
	fprintf(out,
		"</td><td class=\"r wide\">%.1f&nbsp;%%</td>"
		"<td class=\"f wide\"><span class=meter style=\"width:%.2f%%\"></span></td></tr>\n",
		share, share);
}

static void put_files(FILE *out, const struct file *files, size_t nr)
{
	fputs("<details><summary><b>Every file</b><span class=soft>the largest first</span></summary><div class=scroll>"
	      "<table><thead><tr><th>File</th><th class=r>Bytes</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < nr && i < FILES_MAX; i++) {
		fputs("<tr><td class=f><code>", out);
		html_text(out, files[i].name);
		fputs("</code></td><td class=r>", out);
		html_count(out, files[i].size);
		fputs("</td></tr>\n", out);
	}
	if (nr > FILES_MAX)
		fprintf(out, "<tr><td colspan=2 class=soft>and %zu smaller ones</td></tr>\n", nr - FILES_MAX);
	fputs("</tbody></table></div></details>\n", out);
}

int report_images(struct report *r, struct err *e)
{
	struct kind kinds[IMG_COUNT + 1] = { 0 };
	_cleanup_free_ struct file *files = NULL;
	const char *const *names;
	uint64_t all = 0;
	size_t nr;

	if (source_names(r->c.source, &names, &nr, e))
		return -1;
	files = calloc(nr + 1, sizeof(*files));
	if (!files)
		return err_nomem(e, "the list of images");
	if (measure(r, kinds, files, names, nr, e))
		return -1;
	qsort(files, nr, sizeof(*files), by_file_size);
	qsort(kinds, IMG_COUNT + 1, sizeof(*kinds), by_size);
	for (size_t i = 0; i <= IMG_COUNT; i++)
		all += kinds[i].size;
	fputs("<section id=images><h2>Images</h2>\n<p class=note>", r->out);
	html_count(r->out, nr);
	fputs(" files, ", r->out);
	html_size(r->out, all);
	fputs(".</p>\n<div class=card><table><thead><tr><th>Images</th><th class=r>Files</th><th class=r>Size</th>"
	      "<th class=\"r wide\">Share</th><th class=wide></th></tr></thead>\n<tbody>\n",
	      r->out);
	for (size_t i = 0; i <= IMG_COUNT; i++) {
		if (kinds[i].nr)
			put_kind(r->out, &kinds[i], all);
	}
	fputs("</tbody></table></div>\n", r->out);
	put_files(r->out, files, nr);
	fputs("</section>\n", r->out);
	return 0;
}
