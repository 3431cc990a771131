/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * JSON text, written through a buffer, laid out as Python's json module does: compact with ", " and ": ", or indented by
 * four spaces. A failed write is remembered and the rest is dropped, so that only text_flush has to be checked.
 */
#ifndef CRKIT_LIBIMG_TEXT_H
#define CRKIT_LIBIMG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct text {
	int fd;		  /* -1: the text goes nowhere */
	const char *name; /* for errors */
	bool indented;
	bool first; /* nothing was written yet inside the innermost bracket */
	int errnum; /* of the first failed write */
	unsigned int depth;
	size_t used;
	char buf[65536];
};

void text_init(struct text *t, int fd, const char *name, bool indented);
int text_flush(struct text *t, struct err *e);
void text_drain(struct text *t);

static inline void text_char(struct text *t, char c)
{
	if (t->used == sizeof(t->buf))
		text_drain(t);
	t->buf[t->used++] = c;
}

void text_mem(struct text *t, const char *p, size_t len);
void text_lit(struct text *t, const char *s);

/* Structure: open, then item (of a list) or key (of an object) before each value, then close. */
void text_open(struct text *t, char bracket);
void text_close(struct text *t, char bracket);
void text_item(struct text *t);
void text_key(struct text *t, const char *key);

/* Values. */
void text_uint(struct text *t, uint64_t v);
void text_int(struct text *t, int64_t v);
void text_hex(struct text *t, uint64_t v);	     /* without quotes */
void text_quoted(struct text *t, const char *plain); /* needs no escapes */
void text_string(struct text *t, const uint8_t *p, size_t len);

/*
 * Base64 in lines of 76 characters, each ended by an escaped newline. In pieces: text_base64_lines takes whole lines
 * (57 bytes each) and only the last piece may have another length.
 */
#define TEXT_BASE64_LINE 57
void text_base64_lines(struct text *t, const uint8_t *p, size_t len);
void text_base64(struct text *t, const uint8_t *p, size_t len); /* quoted */

/* Quoted-printable as RFC 2045 says, laid out as Python's quopri module does; quoted. */
void text_quopri(struct text *t, const uint8_t *p, size_t len);

#endif
