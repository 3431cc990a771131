/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a view shows: rows, one after the other, each a flat JSON object. For programs they are one JSON array (--json), one row a line;
 * for people each view writes its rows as text. So both say the same, and a view of any size needs the memory of one row.
 */
#ifndef CRKIT_CRIT_ROWS_H
#define CRKIT_CRIT_ROWS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct rows {
	bool json;
	/* Prints a row for people. before: the row before it, NULL for the first. */
	void (*text)(struct json_object *row, struct json_object *before);
	struct json_object *before;
	size_t nr;
};

void rows_begin(struct rows *r, bool json, void (*text)(struct json_object *row, struct json_object *before));

/* Shows a row, which is taken. NULL means that there was no memory for it. */
int rows_put(struct rows *r, struct json_object *row, struct err *e);

/* Ends the array; frees. To be called on failure as well. */
void rows_end(struct rows *r);

/* Fields of a row being made; out of memory shows at rows_put. Bytes that are no text are escaped as \xNN. */
void row_uint(struct json_object *row, const char *key, uint64_t v);
void row_int(struct json_object *row, const char *key, int64_t v);
void row_bool(struct json_object *row, const char *key, bool v);
void row_text(struct json_object *row, const char *key, const char *v);
void row_bytes(struct json_object *row, const char *key, const void *v, size_t len);
void row_hex(struct json_object *row, const char *key, uint64_t v); /* text: "0x7f00" */

/* Fields of a row being shown; 0 or "" where there is none of that name. */
uint64_t row_get_uint(struct json_object *row, const char *key);
const char *row_get_text(struct json_object *row, const char *key);
bool row_has(struct json_object *row, const char *key);

/* Is it of another task (field "pid") than the row before? */
bool row_new_task(struct json_object *row, struct json_object *before);

#endif
