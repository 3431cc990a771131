// SPDX-License-Identifier: GPL-2.0-only
/* crit mem: the bytes of a task's memory. What the checkpoint does not have is said, never shown as zeroes. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/crit.h"
#include "crit/rows.h"
#include "crit/target.h"

#define DEFAULT_LENGTH 256
#define LINE	       16
#define CHUNK	       65536 /* bytes read at once, and in one row of JSON at most; a multiple of LINE */

/* What is being shown. */
struct view {
	struct checkpoint c;
	struct memory *m;
	uint64_t addr, len;
	bool raw;
	struct rows rows;
	uint64_t shown; /* bytes that the checkpoint has */
	uint8_t last[LINE];
	bool has_last, starred; /* the line before is `last`; lines like it were left out */
};

/* --- text ------------------------------------------------------------------------------------------------------- */

static void put_line(uint64_t addr, const uint8_t *p, size_t n)
{
	printf("%016" PRIx64, addr);
	for (size_t i = 0; i < LINE; i++) {
		if (i < n)
			printf("%s%02x", i % 8 ? " " : "  ", p[i]);
		else
			printf("%s", i % 8 ? "   " : "    ");
	}
	printf("  |");
	for (size_t i = 0; i < n; i++)
		putchar(p[i] < 0x80 && isprint(p[i]) ? p[i] : '.');
	printf("|\n");
}

/* As hexdump -C does: of lines that are alike, the first, and a star. */
static void put_bytes(struct view *v, uint64_t addr, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += LINE) {
		size_t n = len - i < LINE ? len - i : LINE;

		if (v->has_last && n == LINE && !memcmp(v->last, p + i, LINE)) {
			if (!v->starred)
				printf("*\n");
			v->starred = true;
			continue;
		}
		put_line(addr + i, p + i, n);
		v->has_last = n == LINE;
		v->starred = false;
		memcpy(v->last, p + i, n);
	}
}

static const char *reason(const struct extent *x)
{
	if (!x)
		return "not mapped";
	switch (x->kind) {
	case EXTENT_ZERO:
		return "zeroes, never touched";
	case EXTENT_FILE:
		return "unchanged pages of a file, not in the checkpoint";
	default:
		return "not in the checkpoint";
	}
}

/* Says what is there instead of bytes. x: NULL where nothing is mapped. */
static void put_absence(struct view *v, uint64_t addr, uint64_t len, const struct extent *x)
{
	char name[MAPPING_NAME_MAX];

	v->has_last = false;
	printf("%016" PRIx64 "  -- %" PRIu64 " bytes: %s", addr, len, reason(x));
	if (x && x->kind == EXTENT_FILE) {
		printf(": ");
		put_text(target_mapping(&v->c, v->m, x->vma, name, sizeof(name)));
		printf(" at 0x%" PRIx64, x->at);
	}
	putchar('\n');
}

/* --- JSON ------------------------------------------------------------------------------------------------------- */

static struct json_object *row_of(uint64_t addr, uint64_t len, const char *state)
{
	struct json_object *row = json_object_new_object();

	if (!row)
		return NULL;
	row_hex(row, "address", addr);
	row_uint(row, "size", len);
	row_text(row, "state", state);
	return row;
}

static int row_with_bytes(struct view *v, uint64_t addr, const uint8_t *p, size_t len, struct err *e)
{
	static const char digits[] = "0123456789abcdef";
	struct json_object *row = row_of(addr, len, "present");
	_cleanup_free_ char *hex = malloc(2 * len + 1);

	if (!row || !hex) {
		json_object_put(row);
		return err_nomem(e, "a row");
	}
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[p[i] >> 4];
		hex[2 * i + 1] = digits[p[i] & 15];
	}
	hex[2 * len] = '\0';
	row_text(row, "hex", hex);
	return rows_put(&v->rows, row, e);
}

static int row_without_bytes(struct view *v, uint64_t addr, uint64_t len, const struct extent *x, struct err *e)
{
	const char *state = !x			   ? "unmapped" :
			    x->kind == EXTENT_ZERO ? "zero" :
			    x->kind == EXTENT_FILE ? "file" :
						     "absent";
	struct json_object *row = row_of(addr, len, state);
	char name[MAPPING_NAME_MAX];

	if (row && x && x->kind == EXTENT_FILE) {
		row_text(row, "file", target_mapping(&v->c, v->m, x->vma, name, sizeof(name)));
		row_hex(row, "offset", x->at);
	}
	return rows_put(&v->rows, row, e);
}

/* --- the walk --------------------------------------------------------------------------------------------------- */

static int put_raw(const uint8_t *p, size_t len, struct err *e)
{
	return fwrite(p, 1, len, stdout) == len ? 0 : err_set(e, errno, "cannot write to standard output");
}

/* Bytes that the images have; with --raw, all bytes. */
static int show_bytes(struct view *v, uint64_t addr, uint64_t len, struct err *e)
{
	uint8_t buf[CHUNK];

	for (uint64_t done = 0; done < len;) {
		size_t n = len - done < CHUNK ? (size_t)(len - done) : CHUNK;

		if (memory_read(v->m, addr + done, buf, n, e))
			return -1;
		if (v->raw && put_raw(buf, n, e))
			return -1;
		if (!v->raw && v->rows.json && row_with_bytes(v, addr + done, buf, n, e))
			return -1;
		if (!v->raw && !v->rows.json)
			put_bytes(v, addr + done, buf, n);
		done += n;
	}
	v->shown += len;
	return 0;
}

static int show_absence(struct view *v, uint64_t addr, uint64_t len, const struct extent *x, struct err *e)
{
	if (x && x->kind == EXTENT_ZERO)
		v->shown += len;
	if (v->rows.json)
		return row_without_bytes(v, addr, len, x, e);
	put_absence(v, addr, len, x);
	return 0;
}

/* One stretch of memory that is alike. Returns its length, 0 on error. */
static uint64_t show_stretch(struct view *v, uint64_t addr, uint64_t left, struct err *e)
{
	struct extent x;
	int rc = memory_extent(v->m, addr, &x, e), failed;
	bool mapped = rc && x.addr <= addr;
	uint64_t len;

	if (rc < 0)
		return 0;
	len = rc == 0 ? left : mapped ? x.addr + x.size - addr : x.addr - addr;
	if (len > left)
		len = left;
	x.at += addr - x.addr; /* an extent begins at addr, or it is not looked at */
	if (v->raw || (mapped && x.kind == EXTENT_IMAGE))
		failed = show_bytes(v, addr, len, e);
	else
		failed = show_absence(v, addr, len, mapped ? &x : NULL, e);
	return failed ? 0 : len;
}

static int show(struct view *v, struct err *e)
{
	for (uint64_t done = 0; done < v->len;) {
		uint64_t n = show_stretch(v, v->addr + done, v->len - done, e);

		if (!n)
			return -1;
		done += n;
	}
	if (!v->raw && !v->rows.json)
		printf("%016" PRIx64 "\n", v->addr + v->len);
	return 0;
}

/* Nothing could be shown: that is a failure, and its reason that of the first byte. */
static int explain(struct view *v, struct err *e)
{
	uint8_t byte;

	if (memory_read(v->m, v->addr, &byte, 1, e) && !*e->hint)
		err_hint(e, "\"crit x %s mems\" lists the mappings; hexadecimal addresses begin with 0x",
			 source_path(v->c.source));
	return -1;
}

static int run(struct view *v, int argc, char **argv, bool json, struct err *e)
{
	const PstreeEntry *task;
	int failed;

	v->len = DEFAULT_LENGTH;
	if (checkpoint_open(&v->c, argv[0], e) || checkpoint_files(&v->c, e) ||
	    target_memory(&v->c, argv[1], &task, &v->m, e) || target_address(&v->c, v->m, argv[2], &v->addr, e) ||
	    (argc > 3 && target_size(argv[3], &v->len, e)))
		return -1;
	if (!v->len)
		return err_set(e, 0, "no bytes are asked for");
	if (v->len - 1 > UINT64_MAX - v->addr)
		return err_set(e, 0, "0x%" PRIx64 " bytes from 0x%" PRIx64 " go beyond the end of the address space",
			       v->len, v->addr);
	rows_begin(&v->rows, json, NULL);
	failed = show(v, e);
	if (json)
		rows_end(&v->rows);
	if (failed)
		return err_in(e, "process %u", task->pid);
	return v->shown ? 0 : explain(v, e);
}

static int mem_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	struct view v = { 0 };
	bool json = false;
	int c, status;

	while ((c = crit_option(self, argc, argv, &status, e)) > 0) {
		json |= c == 'j';
		v.raw |= c == 'r';
	}
	if (c < 0)
		return status;
	if (argc - optind < 3 || argc - optind > 4)
		return crit_usage(e, "mem: give a checkpoint, a process id, an address and, if you like, a length");
	if (v.raw && json)
		return crit_usage(e, "mem: --raw and --json exclude each other");
	status = run(&v, argc - optind, argv + optind, json, e);
	memory_close(&v.m);
	checkpoint_close(&v.c);
	return status ? CRIT_FAILED : CRIT_OK;
}

static const struct option options[] = {
	{ "raw", no_argument, NULL, 'r' },
	{ "json", no_argument, NULL, 'j' },
	{ 0 },
};

const struct crit_verb verb_mem = {
	.name = "mem",
	.summary = "the bytes of a process's memory",
	.usage = "mem [--raw | --json] DIR PID ADDRESS [LENGTH]\n"
		 "Shows memory of a process in the checkpoint DIR (a directory or an archive) as hexdump -C does.\n"
		 "ADDRESS is a number (0x7f00, or decimal) or the name of a mapping ([heap], [stack], libc.so.6),\n"
		 "perhaps with +OFFSET behind it. LENGTH is in bytes, or ends in k, M or G; by default it is 256.\n\n"
		 "      --raw   the bytes as they are; all of them must be in the checkpoint\n"
		 "      --json  rows with the bytes as hexadecimal digits\n"
		 "  -h, --help  this text\n",
	.options = options,
	.run = mem_run,
};
