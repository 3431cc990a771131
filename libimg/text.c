// SPDX-License-Identifier: LGPL-2.1-only
/* Writing JSON text: see text.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "libimg/text.h"

void text_init(struct text *t, int fd, const char *name, bool indented)
{
	t->fd = fd;
	t->name = name;
	t->indented = indented;
	t->first = true;
	t->errnum = 0;
	t->depth = 0;
	t->used = 0;
}

void text_drain(struct text *t)
{
	size_t done = 0;

	while (t->fd >= 0 && !t->errnum && done < t->used) {
		ssize_t n = write(t->fd, t->buf + done, t->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			t->errnum = errno;
	}
	t->used = 0;
}

int text_flush(struct text *t, struct err *e)
{
	text_drain(t);
	if (t->errnum)
		return err_set(e, t->errnum, "cannot write %s", t->name);
	return 0;
}

void text_mem(struct text *t, const char *p, size_t len)
{
	while (len) {
		size_t n = sizeof(t->buf) - t->used;

		if (n > len)
			n = len;
		memcpy(t->buf + t->used, p, n);
		t->used += n;
		p += n;
		len -= n;
		if (len)
			text_drain(t);
	}
}

void text_lit(struct text *t, const char *s)
{
	text_mem(t, s, strlen(s));
}

static void newline(struct text *t)
{
	text_char(t, '\n');
	for (unsigned int i = 0; i < t->depth; i++)
		text_mem(t, "    ", 4);
}

void text_open(struct text *t, char bracket)
{
	text_char(t, bracket);
	t->depth++;
	t->first = true;
}

void text_close(struct text *t, char bracket)
{
	t->depth--;
	if (t->indented && !t->first)
		newline(t);
	text_char(t, bracket);
	t->first = false;
}

void text_item(struct text *t)
{
	if (!t->first)
		text_char(t, ',');
	if (t->indented)
		newline(t);
	else if (!t->first)
		text_char(t, ' ');
	t->first = false;
}

void text_key(struct text *t, const char *key)
{
	text_item(t);
	text_quoted(t, key);
	text_mem(t, ": ", 2);
}

void text_uint(struct text *t, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	text_mem(t, digits + at, sizeof(digits) - at);
}

void text_int(struct text *t, int64_t v)
{
	if (v < 0)
		text_char(t, '-');
	text_uint(t, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void text_hex(struct text *t, uint64_t v)
{
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v);
	text_mem(t, "0x", 2);
	text_mem(t, digits + at, sizeof(digits) - at);
}

void text_quoted(struct text *t, const char *plain)
{
	text_char(t, '"');
	text_lit(t, plain);
	text_char(t, '"');
}

static void put_u(struct text *t, unsigned int unit)
{
	char u[6] = { '\\', 'u' };

	for (int i = 0; i < 4; i++)
		u[2 + i] = "0123456789abcdef"[unit >> (12 - 4 * i) & 15];
	text_mem(t, u, sizeof(u));
}

/* The character at p; *len_ret is 0 when the bytes are no UTF-8. */
static uint32_t utf8_at(const uint8_t *p, size_t left, size_t *len_ret)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
	uint32_t c;

	*len_ret = 0;
	if (*p < 0xc2 || *p > 0xf4 || left < len)
		return 0;
	c = *p & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < lowest[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*len_ret = len;
	return c;
}

static size_t put_escaped(struct text *t, const uint8_t *p, size_t left)
{
	static const char plain[] = "\"\\\n\r\t\b\f", letter[] = "\"\\nrtbf";
	const char *hit = *p ? strchr(plain, *p) : NULL;
	uint32_t c;
	size_t len;

	if (hit) {
		text_char(t, '\\');
		text_char(t, letter[hit - plain]);
		return 1;
	}
	if (*p < 0x80) {
		put_u(t, *p);
		return 1;
	}
	c = utf8_at(p, left, &len);
	if (!len) {
		/* Paths are bytes, JSON is not: Python's way out is a lone surrogate for each byte. */
		put_u(t, 0xdc00 + *p);
		return 1;
	}
	if (c >= 0x10000) {
		put_u(t, 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	put_u(t, c);
	return len;
}

void text_string(struct text *t, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;

	text_char(t, '"');
	while (p < end) {
		if (*p >= ' ' && *p < 0x7f && *p != '"' && *p != '\\')
			text_char(t, (char)*p++);
		else
			p += put_escaped(t, p, (size_t)(end - p));
	}
	text_char(t, '"');
}
