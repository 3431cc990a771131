// SPDX-License-Identifier: GPL-2.0-only
/* crit x env and crit x args: what each task was started with, read from its memory as it was when it was dumped. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/memory.h"
#include "crit/x.h"

/* More than execve(2) takes; what is said to be larger is no list of strings. */
#define AREA_MAX (8u << 20)

/* A stretch of strings, each ended by a NUL. */
struct area {
	uint64_t start, end;
	bool title; /* one string, which a program put there to be seen by ps(1) */
	char *bytes;
	size_t len;	 /* what could be read of it */
	struct err lost; /* why the rest could not; what is "" when all is there */
};

/* Is the byte one that no checkpoint has? Otherwise it cannot be read because something is wrong with the images. */
static bool is_elsewhere(struct memory *m, uint64_t addr, struct err *e)
{
	struct extent x;
	int rc = memory_extent(m, addr, &x, e);

	return rc == 0 || (rc == 1 && (x.addr > addr || x.kind == EXTENT_FILE || x.kind == EXTENT_LOST));
}

/* Reads until something is missing. */
static int area_read(struct area *a, struct memory *m, struct err *e)
{
	uint64_t len = a->end > a->start ? a->end - a->start : 0;

	if (len > AREA_MAX) {
		err_set(&a->lost, 0, "0x%" PRIx64 " to 0x%" PRIx64 " is too large to be a list of strings", a->start,
			a->end);
		return 0;
	}
	a->bytes = malloc(len + 1);
	if (!a->bytes)
		return err_nomem(e, "strings of a task");
	while (a->len < len) {
		size_t step = IMG_PAGE_SIZE - (a->start + a->len) % IMG_PAGE_SIZE;

		if (step > len - a->len)
			step = (size_t)(len - a->len);
		if (memory_read(m, a->start + a->len, a->bytes + a->len, step, &a->lost)) {
			if (is_elsewhere(m, a->start + a->len, e))
				break;
			*e = a->lost;
			return -1;
		}
		a->len += step;
	}
	return 0;
}

/*
 * As the kernel does it for /proc/PID/cmdline: a program that overwrote the last NUL of its arguments has put a title there, one
 * string that may go on into the environment.
 */
static int read_args(struct area *a, struct memory *m, struct err *e)
{
	const MmEntry *mm = memory_mm(m);

	*a = (struct area){ .start = mm->mm_arg_start, .end = mm->mm_arg_end };
	if (area_read(a, m, e))
		return -1;
	if (a->len && !*a->lost.what && a->bytes[a->len - 1] && mm->mm_env_end > a->end) {
		free(a->bytes);
		*a = (struct area){ .start = mm->mm_arg_start, .end = mm->mm_env_end, .title = true };
		if (area_read(a, m, e))
			return -1;
	}
	if (a->title)
		a->len = strnlen(a->bytes ? a->bytes : "", a->len);
	return 0;
}

static int read_env(struct area *a, struct memory *m, struct err *e)
{
	const MmEntry *mm = memory_mm(m);

	*a = (struct area){ .start = mm->mm_env_start, .end = mm->mm_env_end };
	return area_read(a, m, e);
}

/* NAME=VALUE, or what else is there. */
static void add_variable(struct json_object *row, const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);

	if (equals) {
		row_bytes(row, "name", s, (size_t)(equals - s));
		row_bytes(row, "value", equals + 1, len - (size_t)(equals + 1 - s));
	} else {
		row_bytes(row, "value", s, len);
	}
}

static int put_strings(struct rows *r, uint32_t pid, const struct area *a, bool env, struct err *e)
{
	for (size_t at = 0, n = 0; at < a->len; n++) {
		size_t len = strnlen(a->bytes + at, a->len - at);
		struct json_object *row;

		if (env && !len) { /* where something was overwritten */
			at++;
			continue;
		}
		row = row_of_task(pid);
		if (env) {
			add_variable(row, a->bytes + at, len);
		} else {
			row_uint(row, "n", n);
			row_bytes(row, "value", a->bytes + at, len);
		}
		row_hex(row, "addr", a->start + at);
		if (a->title)
			row_bool(row, "title", true);
		if (rows_put(r, row, e))
			return -1;
		at += len + 1;
	}
	return 0;
}

static int put_lost(struct rows *r, uint32_t pid, const struct area *a, struct err *e)
{
	struct json_object *row = row_of_task(pid);
	char buf[sizeof(a->lost.where) + sizeof(a->lost.what) + 8];

	snprintf(buf, sizeof(buf), "%s%s%s", a->lost.where, *a->lost.where ? ": " : "", a->lost.what);
	row_text(row, "missing", buf);
	return rows_put(r, row, e);
}

static int put_task_rows(struct checkpoint *c, struct rows *r, uint32_t pid, bool env, struct err *e)
{
	_cleanup_memory_ struct memory *m = NULL;
	struct area a = { 0 };
	size_t before = r->nr;
	int rc;

	if (memory_open(&m, c->source, pid, e))
		return -1;
	rc = m ? (env ? read_env(&a, m, e) : read_args(&a, m, e)) : 0;
	if (!rc)
		rc = put_strings(r, pid, &a, env, e);
	if (!rc && *a.lost.what)
		rc = put_lost(r, pid, &a, e);
	if (!rc && r->nr == before)
		rc = rows_put(r, row_of_task(pid), e);
	free(a.bytes);
	return rc;
}

static int env_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	for (size_t i = 0; i < c->nr_tasks; i++) {
		if (put_task_rows(c, r, c->tasks[i]->pid, true, e))
			return -1;
	}
	return 0;
}

static int args_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	for (size_t i = 0; i < c->nr_tasks; i++) {
		if (put_task_rows(c, r, c->tasks[i]->pid, false, e))
			return -1;
	}
	return 0;
}

static void text(struct json_object *row, struct json_object *before)
{
	put_task(row, before);
	if (row_has(row, "missing")) {
		printf("\t(not in the checkpoint: %s)\n", row_get_text(row, "missing"));
		return;
	}
	if (!row_has(row, "value"))
		return;
	putchar('\t');
	if (row_has(row, "n"))
		printf("%" PRIu64 ": ", row_get_uint(row, "n"));
	if (row_has(row, "name")) {
		put_quoted(row_get_text(row, "name"));
		putchar('=');
	}
	put_quoted(row_get_text(row, "value"));
	putchar('\n');
}

const struct view view_env = {
	.name = "env",
	.rows = env_rows,
	.text = text,
};

const struct view view_args = {
	.name = "args",
	.rows = args_rows,
	.text = text,
};
