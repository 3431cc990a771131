/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a view shows: rows, one after the other, each a JSON object. For programs they are one JSON array (--json), one row a line;
 * for people each view writes its rows as text. So both say the same, and a view of any size needs the memory of one row.
 */
#ifndef CRKIT_CRIT_ROWS_H
#define CRKIT_CRIT_ROWS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct rows {
	bool json;
	/* Prints a row for people. before: the row before it, NULL for the first. */
	void (*text)(struct json_object *row, struct json_object *before);
	/* Or it is given to a caller, who reads it. Set it behind rows_begin. */
	void (*sink)(void *arg, struct json_object *row, struct json_object *before);
	void *arg;
	struct json_object *before;
	size_t nr;
};

void rows_begin(struct rows *r, bool json, void (*text)(struct json_object *row, struct json_object *before));

/* Shows a row, which is taken. NULL means that there was no memory for it. */
int rows_put(struct rows *r, struct json_object *row, struct err *e);

/* A remark for people, a line of its own; for programs it is nothing. */
void rows_note(struct rows *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Ends the array; frees. To be called on failure as well. */
void rows_end(struct rows *r);

/* A new row about a task: it begins with its "pid". It is the caller's, until rows_put. */
struct json_object *row_of_task(uint32_t pid);

/*
 * Fields of a row being made; out of memory shows at rows_put, a NULL row is fine until then. Bytes that are no text are escaped as
 * \xNN. Keys are not copied: they are literals, or names from a message's descriptor.
 */
void row_uint(struct json_object *row, const char *key, uint64_t v);
void row_int(struct json_object *row, const char *key, int64_t v);
void row_bool(struct json_object *row, const char *key, bool v);
void row_text(struct json_object *row, const char *key, const char *v);
void row_bytes(struct json_object *row, const char *key, const void *v, size_t len);
void row_hex(struct json_object *row, const char *key, uint64_t v);	       /* text: "0x7f00" */
void row_add(struct json_object *row, const char *key, struct json_object *v); /* v is taken */

/* A list or an object inside a row, to be filled; it belongs to the row. NULL when there is no memory. */
struct json_object *row_list(struct json_object *row, const char *key);
struct json_object *row_object(struct json_object *row, const char *key);

/* Appends to a list; the value is taken. */
void list_add(struct json_object *list, struct json_object *v);
void list_text(struct json_object *list, const char *v);

/* Appends an object to a list and returns it; it belongs to the list. */
struct json_object *list_object(struct json_object *list);

/* Fields of a row being shown; 0 or "" where there is none of that name. */
uint64_t row_get_uint(struct json_object *row, const char *key);
const char *row_get_text(struct json_object *row, const char *key);
int64_t row_get_int(struct json_object *row, const char *key);
bool row_get_bool(struct json_object *row, const char *key);
struct json_object *row_get(struct json_object *row, const char *key); /* NULL: there is none */
size_t row_get_nr(struct json_object *row, const char *key);	       /* elements of a list */
struct json_object *row_get_at(struct json_object *row, const char *key, size_t i);
bool row_has(struct json_object *row, const char *key);

/* The length of the UTF-8 character at p, of at most len bytes; 0 when it is none. */
size_t utf8_length(const uint8_t *p, size_t len);

/* Is it of another task (field "pid") than the row before? */
bool row_new_task(struct json_object *row, struct json_object *before);

#endif
