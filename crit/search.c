// SPDX-License-Identifier: GPL-2.0-only
/* crit search: where a text, bytes or a regular expression are in the memory of a checkpoint. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/log.h"
#include "base/progress.h"
#include "crit/colour.h"
#include "crit/crit.h"
#include "crit/rows.h"
#include "crit/search-shared.h"
#include "crit/search.h"
#include "crit/target.h"

#define SHOWN_MAX  256	       /* bytes of a match that are shown */
#define PIECE	   (32u << 20) /* bytes between two signs of progress */
#define MIB	   (1024.0 * 1024.0)
#define EDGE_LEAST (64u * 1024) /* bytes: so much is taken along at the edges of memory that needs no search */

struct search {
	struct checkpoint c;
	struct matcher *matcher;
	struct scan *scan;
	const PstreeEntry *only; /* NULL: all tasks */
	struct aliases shared;
	struct progress progress;
	struct rows rows;
	uint64_t edge;	  /* bytes */
	uint64_t total;	  /* bytes to be searched */
	uint64_t missing; /* bytes that should be, but are in an earlier dump that is not there */
	uint64_t hits;
	bool counting; /* the first walk */
	bool to_terminal;
	/* now: */
	struct memory *m;
	uint32_t pid;
};

/* --- results ---------------------------------------------------------------------------------------------------- */

static void put_bytes(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		putchar(p[i] < 0x80 && isprint(p[i]) ? p[i] : '.');
}

/* One place where a match is. */
static int put_hit(struct search *s, uint32_t pid, uint64_t addr, const struct hit *h, bool shared, struct err *e)
{
	size_t shown = h->len < SHOWN_MAX ? h->len : SHOWN_MAX, after = shown < h->len ? 0 : h->after;
	const VmaEntry *v = memory_vma(s->m, h->addr);
	struct json_object *row;
	char name[MAPPING_NAME_MAX] = "";

	s->hits++;
	if (v)
		target_mapping(&s->c, s->m, v, name, sizeof(name));
	if (!s->rows.json) {
		if (s->to_terminal)
			progress_end(&s->progress);
		printf("%-7" PRIu32 " %016" PRIx64 "  ", pid, addr);
		put_text(*name ? name : "-");
		printf("  |");
		put_bytes(h->bytes, h->before);
		printf("%s", colour(COLOUR_HIT));
		put_bytes(h->bytes + h->before, shown);
		printf("%s", colour(COLOUR_NONE));
		put_bytes(h->bytes + h->before + h->len, after);
		printf("|\n");
		return 0;
	}
	row = json_object_new_object();
	if (!row)
		return err_nomem(e, "a row");
	row_uint(row, "pid", pid);
	row_hex(row, "address", addr);
	row_text(row, "mapping", name);
	row_bool(row, "shared", shared);
	row_uint(row, "length", h->len);
	row_bytes(row, "before", h->bytes, h->before);
	row_bytes(row, "match", h->bytes + h->before, shown);
	row_bytes(row, "after", h->bytes + h->before + h->len, after);
	return rows_put(&s->rows, row, e);
}

/* A match in shared memory is told once for each place where that is mapped, and when it is met there again, not at all. */
static int put_shared_hit(struct search *s, const struct extent *x, const struct hit *h, struct err *e)
{
	uint64_t at = x->object_at + (h->addr - x->addr);
	const struct alias *first = NULL;
	size_t nr;
	const struct alias *list = aliases_of(&s->shared, x->object, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (!alias_has(&list[i], at, h->len))
			continue;
		if (!first && (list[i].pid != s->pid || list[i].addr + (at - list[i].at) != h->addr))
			return 0;
		first = &list[i];
		if (put_hit(s, list[i].pid, list[i].addr + (at - list[i].at), h, true, e))
			return -1;
	}
	/* It reaches from the shared memory into what happens to lie behind it. */
	return first ? 0 : put_hit(s, s->pid, h->addr, h, true, e);
}

static int found(void *ctx, const struct hit *h, struct err *e)
{
	struct search *s = ctx;
	struct extent x;

	if (memory_extent(s->m, h->addr, &x, e) < 0)
		return -1;
	return x.shared ? put_shared_hit(s, &x, h, e) : put_hit(s, s->pid, h->addr, h, false, e);
}

/* --- the walk --------------------------------------------------------------------------------------------------- */

static int scan_part(struct search *s, const struct extent *x, uint64_t from, uint64_t len, struct err *e)
{
	while (len) {
		uint64_t n = len < PIECE ? len : PIECE;
		const struct part *pages = x->kind == EXTENT_IMAGE ? x->pages : NULL;

		if (scan_bytes(s->scan, x->addr + from, pages, x->at + from, n, e))
			return -1;
		if (pages)
			progress_add(&s->progress, n);
		from += n;
		len -= n;
	}
	return 0;
}

/* Was it searched already, where it is mapped earlier? */
static bool searched_before(const struct search *s, const struct extent *x)
{
	size_t nr;
	const struct alias *list = x->shared ? aliases_of(&s->shared, x->object, &nr) : NULL;

	/* The first one that has it all is the one that is searched. */
	for (size_t i = 0; list && i < nr; i++) {
		if (alias_has(&list[i], x->object_at, x->size))
			return list[i].pid != s->pid || list[i].addr + (x->object_at - list[i].at) != x->addr;
	}
	return false;
}

/* Memory that needs no search has edges that matches, or what is shown around them, may reach into. */
static int scan_extent(struct search *s, const struct extent *x, struct err *e)
{
	bool skip = x->kind == EXTENT_ZERO || searched_before(s, x);

	if (s->counting && memory_is_missing(x))
		s->missing += x->size;
	if (x->kind != EXTENT_IMAGE && x->kind != EXTENT_ZERO)
		return 0;
	if (s->counting) {
		s->total += x->kind == EXTENT_IMAGE ? x->size : 0;
		return x->shared ? aliases_add(&s->shared, s->pid, x, e) : 0;
	}
	if (!skip || x->size <= 2 * s->edge)
		return scan_part(s, x, 0, x->size, e);
	if (x->kind == EXTENT_IMAGE)
		progress_add(&s->progress, x->size - 2 * s->edge);
	return scan_part(s, x, 0, s->edge, e) || scan_end(s->scan, e) ||
			       scan_part(s, x, x->size - s->edge, s->edge, e) ?
		       -1 :
		       0;
}

static int walk_task(struct search *s, struct err *e)
{
	struct extent x;
	uint64_t at = 0;
	int rc;

	while ((rc = memory_extent(s->m, at, &x, e)) > 0) {
		if (scan_extent(s, &x, e))
			return -1;
		at = x.addr + x.size;
	}
	return rc < 0 || scan_end(s->scan, e) ? -1 : 0;
}

static int walk(struct search *s, bool counting, struct err *e)
{
	s->counting = counting;
	for (size_t i = 0; i < s->c.nr_tasks; i++) {
		int failed;

		s->pid = s->c.tasks[i]->pid;
		if (s->only && s->only != s->c.tasks[i])
			continue;
		if (memory_open(&s->m, s->c.source, s->pid, e))
			return -1;
		failed = s->m ? walk_task(s, e) : 0;
		memory_close(&s->m);
		if (failed)
			return err_in(e, "pid %u", s->pid);
	}
	return 0;
}

static int search(struct search *s, bool json, struct err *e)
{
	int failed;

	if (scan_open(&s->scan, s->matcher, found, s, e))
		return -1;
	s->edge = matcher_reach(s->matcher) + matcher_lookbehind(s->matcher) + SEARCH_BEFORE + SEARCH_AFTER;
	if (s->edge < EDGE_LEAST)
		s->edge = EDGE_LEAST;
	s->to_terminal = isatty(STDOUT_FILENO);
	rows_begin(&s->rows, json, NULL);
	failed = walk(s, true, e);
	if (s->missing)
		log_warn("%.1f MiB of memory are not searched: they are in an earlier dump that is not there",
			 (double)s->missing / MIB);
	aliases_sort(&s->shared);
	progress_begin(&s->progress, "searching", s->total);
	failed = failed || walk(s, false, e);
	progress_end(&s->progress);
	if (json)
		rows_end(&s->rows);
	return failed ? -1 : 0;
}

/* --- the command line ------------------------------------------------------------------------------------------- */

static int digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *p = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* "de ad beef" as bytes. */
static int hex_matcher(struct matcher **ret, const char *text, struct err *e)
{
	_cleanup_free_ uint8_t *bytes = malloc(strlen(text) + 1);
	size_t n = 0;

	if (!bytes)
		return err_nomem(e, "the pattern");
	for (const char *p = text; *p;) {
		if (isspace((unsigned char)*p)) {
			p++;
			continue;
		}
		if (digit(p[0]) < 0 || digit(p[1]) < 0)
			return err_set(e, 0, "\"%s\" is no sequence of bytes in hexadecimal: two digits a byte", text);
		bytes[n++] = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
		p += 2;
	}
	return n ? matcher_plain(ret, bytes, n, e) : err_set(e, 0, "the pattern is empty");
}

struct arguments {
	const char *dir, *pattern, *pid;
	bool hex, regex, json;
};

static int run(struct search *s, const struct arguments *a, struct err *e)
{
	int failed;

	if (!*a->pattern)
		return err_set(e, 0, "the pattern is empty");
	failed = a->hex	  ? hex_matcher(&s->matcher, a->pattern, e) :
		 a->regex ? matcher_regex(&s->matcher, a->pattern, e) :
			    matcher_plain(&s->matcher, a->pattern, strlen(a->pattern), e);
	if (failed || checkpoint_open(&s->c, a->dir, e) || checkpoint_files(&s->c, e))
		return -1;
	if (a->pid) {
		s->only = target_task(&s->c, a->pid, e);
		if (!s->only)
			return -1;
	}
	if (search(s, a->json, e))
		return err_in(e, "%s", a->dir);
	if (!s->hits)
		return err_set(e, 0, "no match in %.1f MiB of memory", (double)s->total / MIB);
	return 0;
}

static int search_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	struct search s = { 0 };
	struct arguments a = { 0 };
	int c, status;

	while ((c = crit_option(self, argc, argv, &status, e)) > 0) {
		a.hex |= c == 'x';
		a.regex |= c == 'r';
		a.json |= c == 'j';
		if (c == 'p')
			a.pid = optarg;
	}
	if (c < 0)
		return status;
	if (argc - optind != 2)
		return crit_usage(e, "search: give a checkpoint and a pattern");
	if (a.hex && a.regex)
		return crit_usage(e, "search: --hex and --regex exclude each other");
	a.dir = argv[optind];
	a.pattern = argv[optind + 1];
	status = run(&s, &a, e);
	aliases_free(&s.shared);
	scan_close(&s.scan);
	matcher_close(&s.matcher);
	memory_close(&s.m);
	checkpoint_close(&s.c);
	return status ? CRIT_FAILED : CRIT_OK;
}

static const struct option options[] = {
	{ "regex", no_argument, NULL, 'r' },
	{ "hex", no_argument, NULL, 'x' },
	{ "pid", required_argument, NULL, 'p' },
	{ "json", no_argument, NULL, 'j' },
	{ 0 },
};

const struct crit_verb verb_search = {
	.name = "search",
	.summary = "where a text, bytes or a pattern are in memory",
	.usage =
		"search [-r | --hex] [--pid PID] [--json] DIR PATTERN\n"
		"Searches the memory of all processes in the checkpoint DIR (a directory or an archive), and shows for\n"
		"each match the process, the address, the mapping and what is around it.\n\n"
		"  -r, --regex    PATTERN is a regular expression as Perl has them, over bytes\n"
		"      --hex      PATTERN is bytes in hexadecimal: \"7f 45 4c 46\"\n"
		"      --pid PID  only this process\n"
		"      --json     matches as a list of objects\n"
		"  -h, --help     this text\n\n"
		"Exit status: 0 there is a match, 1 there is none, or it failed, 2 wrong usage.\n",
	.options = options,
	.letters = "r",
	.run = search_run,
};
