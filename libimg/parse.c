// SPDX-License-Identifier: LGPL-2.1-only
/* Reading JSON as a stream: see parse.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libimg/parse.h"

#define STRING_MAX (256u << 20) /* bytes of one string that is held in memory */

void bytes_free(struct bytes *b)
{
	free(b->p);
	b->p = NULL;
}

int bytes_room(struct bytes *b, size_t more, struct err *e)
{
	size_t size = b->size ? b->size : 256;
	uint8_t *p;

	if (more <= b->size - b->len)
		return 0;
	while (size - b->len < more)
		size *= 2;
	p = realloc(b->p, size);
	if (!p)
		return err_nomem(e, "a value");
	b->p = p;
	b->size = size;
	return 0;
}

int bytes_add(struct bytes *b, const void *p, size_t len, struct err *e)
{
	if (bytes_room(b, len, e))
		return -1;
	if (len)
		memcpy(b->p + b->len, p, len);
	b->len += len;
	return 0;
}

void parse_init(struct parse *j, int fd, const char *name, struct err *e)
{
	off_t at = lseek(fd, 0, SEEK_CUR);

	j->fd = fd;
	j->name = name;
	j->entry = 0;
	j->offset = at > 0 ? (uint64_t)at : 0;
	j->shift = 0;
	j->e = e;
	j->pos = 0;
	j->used = 0;
}

int parse_complain(struct parse *j)
{
	unsigned long long at = j->offset + j->pos;

	if (j->entry)
		return err_in(j->e, "%s: entry %llu, at offset %llu", j->name, (unsigned long long)j->entry, at);
	return err_in(j->e, "%s: at offset %llu", j->name, at);
}

int parse_fail(struct parse *j, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_set(j->e, 0, "%s", what);
	return parse_complain(j);
}

/* Fills the empty buffer. Returns the number of bytes, 0 at the end of the file. */
static ssize_t fill(struct parse *j)
{
	ssize_t n;

	do
		n = read(j->fd, j->buf, sizeof(j->buf));
	while (n < 0 && errno == EINTR);
	j->offset += j->used;
	j->pos = 0;
	j->used = n > 0 ? (size_t)n : 0;
	if (n < 0) {
		err_set(j->e, errno, "cannot read");
		return parse_complain(j);
	}
	return n;
}

/* The next byte, taken; -1 on error and at the end, which is one. */
static int take(struct parse *j)
{
	if (j->pos == j->used) {
		ssize_t n = fill(j);

		if (n < 0)
			return -1;
		if (n == 0)
			return parse_fail(j, "the text ends within a value");
	}
	return (unsigned char)j->buf[j->pos++];
}

int parse_peek(struct parse *j)
{
	for (;;) {
		while (j->pos < j->used) {
			char c = j->buf[j->pos];

			if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
				return c ? (unsigned char)c : parse_fail(j, "a NUL byte is no JSON");
			j->pos++;
		}
		ssize_t n = fill(j);

		if (n <= 0)
			return (int)n;
	}
}

int parse_expect(struct parse *j, char c)
{
	int is = parse_peek(j);

	if (is < 0)
		return -1;
	if (is != c)
		return is ? parse_fail(j, "'%c' expected", c) : parse_fail(j, "'%c' expected, but the text ends", c);
	j->pos++;
	return 0;
}

int parse_next(struct parse *j, char close, bool *first)
{
	int c = parse_peek(j);

	if (c < 0)
		return -1;
	if (c == close) {
		j->pos++;
		return 0;
	}
	if (*first) {
		*first = false;
		return c ? 1 : parse_fail(j, "'%c' expected, but the text ends", close);
	}
	if (c != ',')
		return parse_fail(j, "',' or '%c' expected", close);
	j->pos++;
	c = parse_peek(j);
	if (c == close)
		return parse_fail(j, "a value expected after ','");
	return c < 0 ? -1 : 1;
}

static int hex4(struct parse *j, unsigned int *ret)
{
	*ret = 0;
	for (int i = 0; i < 4; i++) {
		int c = take(j);
		const char *digits = "0123456789abcdefABCDEF", *at;

		if (c < 0)
			return -1;
		at = c ? strchr(digits, c) : NULL;
		if (!at)
			return parse_fail(j, "\\u needs four hexadecimal digits");
		*ret = *ret << 4 | (unsigned int)(at - digits < 16 ? at - digits : at - digits - 6);
	}
	return 0;
}

static size_t put_utf8(uint8_t *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (uint8_t)(0xc0 | c >> 6);
		p[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (uint8_t)(0xe0 | c >> 12);
		p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		p[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (uint8_t)(0xf0 | c >> 18);
	p[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	p[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	p[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* \u was taken. Lone surrogates from U+DC80 stand for bytes that are no UTF-8. */
static int unicode_escape(struct parse *j, uint8_t out[4])
{
	unsigned int hi, lo;

	if (hex4(j, &hi))
		return -1;
	if (hi >= 0xdc80 && hi <= 0xdcff) {
		out[0] = (uint8_t)(hi - 0xdc00);
		return 1;
	}
	if (hi < 0xd800 || hi > 0xdfff)
		return (int)put_utf8(out, hi);
	if (hi >= 0xdc00 || take(j) != '\\' || take(j) != 'u' || hex4(j, &lo) || lo < 0xdc00 || lo > 0xdfff)
		return parse_fail(j, "half a surrogate pair");
	return (int)put_utf8(out, 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00));
}

/* The backslash was taken. Returns the number of bytes in out. */
static int escape(struct parse *j, uint8_t out[4])
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	int c = take(j);
	const char *at;

	if (c < 0)
		return -1;
	if (c == 'u')
		return unicode_escape(j, out);
	at = c ? strchr(letters, c) : NULL;
	if (!at)
		return parse_fail(j, "unknown escape in a string");
	out[0] = (uint8_t)meant[at - letters];
	return 1;
}

int parse_run(struct parse *j, const char **run, size_t *len)
{
	size_t start;

	if (j->pos == j->used) {
		if (take(j) < 0)
			return -1;
		j->pos--;
	}
	start = j->pos;
	while (j->pos < j->used && j->buf[j->pos] != '"' && j->buf[j->pos] != '\\') {
		if ((unsigned char)j->buf[j->pos] < ' ')
			return parse_fail(j, "a control character within a string");
		j->pos++;
	}
	*run = j->buf + start;
	*len = j->pos - start;
	return 0;
}

int parse_after_run(struct parse *j, uint8_t out[4])
{
	if (j->pos == j->used)
		return -2;
	if (j->buf[j->pos++] == '"')
		return 0;
	return escape(j, out);
}

int parse_string(struct parse *j, struct bytes *out)
{
	out->len = 0;
	if (parse_expect(j, '"'))
		return -1;
	for (;;) {
		const char *run;
		uint8_t c[4];
		size_t len;
		int n;

		if (parse_run(j, &run, &len))
			return -1;
		if (out->len + len > STRING_MAX)
			return parse_fail(j, "a string of over %u bytes", STRING_MAX);
		if (bytes_add(out, run, len, j->e))
			return parse_complain(j);
		n = parse_after_run(j, c);
		if (n == -1)
			return -1;
		if (n > 0 && bytes_add(out, c, (size_t)n, j->e))
			return parse_complain(j);
		if (n == 0)
			break;
	}
	if (bytes_room(out, 1, j->e))
		return parse_complain(j);
	out->p[out->len] = '\0';
	return 0;
}

int parse_key(struct parse *j, struct bytes *out)
{
	if (parse_string(j, out))
		return -1;
	if (memchr(out->p, '\0', out->len))
		return parse_fail(j, "a NUL within a key");
	return parse_expect(j, ':');
}

int parse_number(struct parse *j, bool *negative, uint64_t *magnitude)
{
	int c = parse_peek(j);
	unsigned int digits = 0;
	bool zero = false; /* in front */
	uint64_t v = 0;

	if (c < 0)
		return -1;
	*negative = c == '-';
	if (*negative)
		j->pos++;
	for (;; digits++, j->pos++) {
		if (j->pos == j->used && fill(j) < 0)
			return -1;
		c = j->used ? j->buf[j->pos] : 0;
		if (c < '0' || c > '9')
			break;
		if (zero)
			return parse_fail(j, "a number does not begin with 0");
		zero = !digits && c == '0';
		if (v > (UINT64_MAX - (uint64_t)(c - '0')) / 10)
			return parse_fail(j, "the number does not fit into 64 bits");
		v = v * 10 + (uint64_t)(c - '0');
	}
	if (!digits)
		return parse_fail(j, "a number expected");
	if (c == '.' || c == 'e' || c == 'E')
		return parse_fail(j, "an integer expected");
	*magnitude = v;
	return 0;
}

static int parse_word(struct parse *j, const char *word)
{
	for (const char *p = word; *p; p++) {
		if (take(j) != *p)
			return parse_fail(j, "\"%s\" expected", word);
	}
	return 0;
}

int parse_bool(struct parse *j, bool *ret)
{
	int c = parse_peek(j);
	bool negative;
	uint64_t v;

	if (c < 0)
		return -1;
	if (c == 't' || c == 'f') {
		*ret = c == 't';
		return parse_word(j, *ret ? "true" : "false");
	}
	if (parse_number(j, &negative, &v))
		return parse_fail(j, "true or false expected");
	if (negative || v > 1)
		return parse_fail(j, "true or false expected");
	*ret = v;
	return 0;
}

/* Skips the inside of a string; its opening quote was taken. */
static int skip_string(struct parse *j)
{
	const char *run;
	uint8_t c[4];
	size_t len;
	int n;

	do {
		if (parse_run(j, &run, &len))
			return -1;
		n = parse_after_run(j, c);
	} while (n > 0 || n == -2);
	return n;
}

int parse_skip(struct parse *j)
{
	uint64_t depth = 0;

	for (;;) {
		int c = parse_peek(j);

		if (c < 0)
			return -1;
		if (c == 0)
			return parse_fail(j, "the text ends within a value");
		if (!depth && (c == ',' || c == '}' || c == ']'))
			return 0;
		j->pos++;
		if (c == '"' && skip_string(j))
			return -1;
		if (c == '{' || c == '[')
			depth++;
		if (c == '}' || c == ']')
			depth--;
	}
}

/* Copies the rest of the input into a temporary file and reads on there. */
static int spool(struct parse *j, int *own_fd)
{
	FILE *f = tmpfile();
	size_t n = j->used - j->pos;
	uint64_t at = j->offset + j->pos;
	int fd = -1;

	if (f && fwrite(j->buf + j->pos, 1, n, f) == n) {
		ssize_t got;

		j->pos = j->used;
		while ((got = fill(j)) > 0 && fwrite(j->buf, 1, (size_t)got, f) == (size_t)got)
			;
		if (got < 0) {
			fclose(f);
			return -1;
		}
		if (got == 0 && !fflush(f))
			fd = dup(fileno(f));
	}
	if (f)
		fclose(f);
	if (fd < 0 || lseek(fd, 0, SEEK_SET)) {
		err_set(j->e, errno, "cannot keep the text in a temporary file");
		return parse_complain(j);
	}
	j->fd = *own_fd = fd;
	j->shift = at;
	j->offset = at;
	j->pos = j->used = 0;
	return 0;
}

int parse_mark(struct parse *j, uint64_t *mark, int *own_fd)
{
	if (lseek(j->fd, 0, SEEK_CUR) < 0 && spool(j, own_fd))
		return -1;
	*mark = j->offset + j->pos;
	return 0;
}

int parse_return(struct parse *j, uint64_t mark)
{
	if (lseek(j->fd, (off_t)(mark - j->shift), SEEK_SET) < 0) {
		err_set(j->e, errno, "cannot go back in the text");
		return parse_complain(j);
	}
	j->offset = mark;
	j->pos = j->used = 0;
	return 0;
}

int parse_end(struct parse *j)
{
	int c = parse_peek(j);

	if (c > 0)
		return parse_fail(j, "more text behind the end of the image");
	return c;
}
