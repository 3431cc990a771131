// SPDX-License-Identifier: GPL-2.0-only
/* Rows of a view: as text or as one JSON array. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/rows.h"

void rows_begin(struct rows *r, bool json, void (*text)(struct json_object *row, struct json_object *before))
{
	*r = (struct rows){ .json = json, .text = text };
	if (json)
		putchar('[');
}

int rows_put(struct rows *r, struct json_object *row, struct err *e)
{
	if (!row)
		return err_nomem(e, "a row");
	if (r->json)
		printf("%s\n%s", r->nr ? "," : "", json_object_to_json_string_ext(row, JSON_C_TO_STRING_NOSLASHESCAPE));
	else if (r->sink)
		r->sink(r->arg, row, r->before);
	else
		r->text(row, r->before);
	json_object_put(r->before);
	r->before = row;
	r->nr++;
	return 0;
}

void rows_note(struct rows *r, const char *fmt, ...)
{
	va_list ap;

	if (r->json || r->sink)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void rows_end(struct rows *r)
{
	if (r->json)
		printf("%s]\n", r->nr ? "\n" : "");
	json_object_put(take_ptr(r->before));
}

/* Returns what was added, NULL when it was not. */
static struct json_object *add(struct json_object *row, const char *key, struct json_object *v)
{
	if (row && v && !json_object_object_add_ex(row, key, v, JSON_C_OBJECT_ADD_CONSTANT_KEY))
		return v;
	json_object_put(v);
	return NULL;
}

static struct json_object *append(struct json_object *list, struct json_object *v)
{
	if (list && v && !json_object_array_add(list, v))
		return v;
	json_object_put(v);
	return NULL;
}

void row_add(struct json_object *row, const char *key, struct json_object *v)
{
	add(row, key, v);
}

void list_add(struct json_object *list, struct json_object *v)
{
	append(list, v);
}

struct json_object *row_list(struct json_object *row, const char *key)
{
	return add(row, key, json_object_new_array());
}

struct json_object *row_object(struct json_object *row, const char *key)
{
	return add(row, key, json_object_new_object());
}

struct json_object *list_object(struct json_object *list)
{
	return append(list, json_object_new_object());
}

void row_uint(struct json_object *row, const char *key, uint64_t v)
{
	row_add(row, key, json_object_new_uint64(v));
}

void row_int(struct json_object *row, const char *key, int64_t v)
{
	row_add(row, key, json_object_new_int64(v));
}

void row_bool(struct json_object *row, const char *key, bool v)
{
	row_add(row, key, json_object_new_boolean(v));
}

void row_text(struct json_object *row, const char *key, const char *v)
{
	row_bytes(row, key, v, strlen(v));
}

size_t utf8_length(const uint8_t *p, size_t len)
{
	static const struct {
		uint8_t mask, value;
		uint32_t least;
	} forms[] = { { 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t n = 1; n <= ARRAY_SIZE(forms); n++) {
		uint32_t c = p[0] & (uint8_t)~forms[n - 1].mask;

		if ((p[0] & forms[n - 1].mask) != forms[n - 1].value)
			continue;
		if (n > len)
			return 0;
		for (size_t i = 1; i < n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[i] & 0x3f);
		}
		return c < forms[n - 1].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
	}
	return 0;
}

static struct json_object *escaped(const void *v, size_t len)
{
	_cleanup_free_ char *buf = malloc(4 * len + 1);
	const uint8_t *p = v;
	size_t used = 0;

	if (!buf)
		return NULL;
	for (size_t i = 0; i < len;) {
		size_t n = p[i] ? utf8_length(p + i, len - i) : 0;

		if (n) {
			memcpy(buf + used, p + i, n);
			used += n;
			i += n;
			continue;
		}
		used += (size_t)sprintf(buf + used, "\\x%02x", p[i]);
		i++;
	}
	return json_object_new_string_len(buf, (int)used);
}

void row_bytes(struct json_object *row, const char *key, const void *v, size_t len)
{
	row_add(row, key, escaped(v, len));
}

void list_text(struct json_object *list, const char *v)
{
	list_add(list, escaped(v, strlen(v)));
}

void row_hex(struct json_object *row, const char *key, uint64_t v)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "0x%" PRIx64, v);
	row_add(row, key, json_object_new_string(buf));
}

struct json_object *row_get(struct json_object *row, const char *key)
{
	return json_object_object_get(row, key);
}

uint64_t row_get_uint(struct json_object *row, const char *key)
{
	struct json_object *v = row_get(row, key);

	if (json_object_is_type(v, json_type_string))
		return strtoull(json_object_get_string(v), NULL, 0);
	return v ? json_object_get_uint64(v) : 0;
}

const char *row_get_text(struct json_object *row, const char *key)
{
	struct json_object *v = row_get(row, key);

	return v ? json_object_get_string(v) : "";
}

int64_t row_get_int(struct json_object *row, const char *key)
{
	struct json_object *v = row_get(row, key);

	return v ? json_object_get_int64(v) : 0;
}

bool row_get_bool(struct json_object *row, const char *key)
{
	struct json_object *v = row_get(row, key);

	return v && json_object_get_boolean(v);
}

size_t row_get_nr(struct json_object *row, const char *key)
{
	struct json_object *v = row_get(row, key);

	return json_object_is_type(v, json_type_array) ? json_object_array_length(v) : 0;
}

struct json_object *row_get_at(struct json_object *row, const char *key, size_t i)
{
	return i < row_get_nr(row, key) ? json_object_array_get_idx(row_get(row, key), i) : NULL;
}

bool row_has(struct json_object *row, const char *key)
{
	return json_object_object_get_ex(row, key, NULL);
}

struct json_object *row_of_task(uint32_t pid)
{
	struct json_object *row = json_object_new_object();

	row_uint(row, "pid", pid);
	return row;
}

bool row_new_task(struct json_object *row, struct json_object *before)
{
	return !before || row_get_uint(row, "pid") != row_get_uint(before, "pid");
}
