// SPDX-License-Identifier: LGPL-2.1-only
/* Bytes as JSON text: base64 and quoted-printable, in the layouts that Python's modules give them. */
#include <string.h>

#include "libimg/text.h"

#define QUOPRI_LINE 76

static void base64_group(struct text *t, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
	char out[4] = { digits[v >> 18], digits[v >> 12 & 63], n > 1 ? digits[v >> 6 & 63] : '=',
			n > 2 ? digits[v & 63] : '=' };

	text_mem(t, out, sizeof(out));
}

void text_base64_lines(struct text *t, const uint8_t *p, size_t len)
{
	while (len) {
		size_t line = len < TEXT_BASE64_LINE ? len : TEXT_BASE64_LINE;

		for (size_t i = 0; i < line; i += 3)
			base64_group(t, p + i, line - i < 3 ? line - i : 3);
		text_mem(t, "\\n", 2);
		p += line;
		len -= line;
	}
}

void text_base64(struct text *t, const uint8_t *p, size_t len)
{
	text_char(t, '"');
	text_base64_lines(t, p, len);
	text_char(t, '"');
}

struct quopri {
	struct text *t;
	const uint8_t *p, *end;
	const char *eol; /* as JSON text */
	bool line_ends;	 /* keep line ends as they are; they are not escaped */
	size_t column;
	uint8_t last; /* the character written last, when it stands for itself */
};

/* Line ends survive when there is one kind of them only: writing makes all of them as the first one is. */
static bool one_kind_of_line_end(const uint8_t *p, size_t len, bool *crlf)
{
	const uint8_t *nl = memchr(p, '\n', len);

	*crlf = nl && nl > p && nl[-1] == '\r';
	for (; nl; nl = memchr(nl + 1, '\n', len - (size_t)(nl + 1 - p))) {
		if ((nl > p && nl[-1] == '\r') != *crlf)
			return false;
	}
	return true;
}

static bool must_escape(const struct quopri *q)
{
	uint8_t c = *q->p;
	bool at_end = q->p + 1 == q->end;

	if (c > 126 || c == '=')
		return true;
	if (c == '.' && q->column == 0)
		return at_end || q->p[1] == '\n' || q->p[1] == '\r' || q->p[1] == 0;
	if (c == '\r' || c == '\n')
		return !q->line_ends;
	if (c == '\t' || c == ' ')
		return at_end;
	return c < ' ';
}

static void soft_break(struct quopri *q)
{
	text_char(q->t, '=');
	text_lit(q->t, q->eol);
	q->column = 0;
}

static void put_code(struct quopri *q, uint8_t c)
{
	static const char digits[] = "0123456789ABCDEF";

	text_char(q->t, '=');
	text_char(q->t, digits[c >> 4]);
	text_char(q->t, digits[c & 15]);
}

static void put_itself(struct quopri *q)
{
	uint8_t c = *q->p++;

	if (q->p < q->end && *q->p != '\n' && q->column + 1 >= QUOPRI_LINE)
		soft_break(q);
	q->column++;
	/* A blank before a line end would get lost on the way, so it is not written as itself. */
	if ((c == ' ' || c == '\t') && q->line_ends && q->p < q->end &&
	    (*q->p == '\n' || (*q->p == '\r' && q->p + 1 < q->end && q->p[1] == '\n')))
		put_code(q, c);
	else if (c == '\t')
		text_mem(q->t, "\\t", 2);
	else if (c == '\r')
		text_mem(q->t, "\\r", 2);
	else if (c == '"' || c == '\\') {
		text_char(q->t, '\\');
		text_char(q->t, (char)c);
	} else
		text_char(q->t, (char)c);
}

static void put_line_end(struct quopri *q)
{
	text_lit(q->t, q->eol);
	q->column = 0;
	q->p += *q->p == '\r' ? 2 : 1;
}

void text_quopri(struct text *t, const uint8_t *p, size_t len)
{
	struct quopri q = { .t = t, .p = p, .end = p + len };
	bool crlf = false;

	q.line_ends = !len || one_kind_of_line_end(p, len, &crlf);
	q.eol = crlf ? "\\r\\n" : "\\n";
	text_char(t, '"');
	while (q.p < q.end) {
		if (must_escape(&q)) {
			if (q.column + 3 >= QUOPRI_LINE)
				soft_break(&q);
			put_code(&q, *q.p++);
			q.column += 3;
		} else if (*q.p == '\n' || (*q.p == '\r' && q.p + 1 < q.end && q.p[1] == '\n')) {
			put_line_end(&q);
		} else {
			put_itself(&q);
		}
	}
	text_char(t, '"');
}
