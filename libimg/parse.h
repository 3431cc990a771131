/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Reading JSON as a stream: the caller asks for what the grammar wants next. Nothing is held but a buffer and the
 * string being read. Every function returns 0, or -1 with an error that names file, entry and byte offset.
 */
#ifndef CRKIT_LIBIMG_PARSE_H
#define CRKIT_LIBIMG_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bytes that grow. Kept and emptied rather than freed, so that many records cost few allocations. */
struct bytes {
	uint8_t *p;
	size_t len, size;
};

void bytes_free(struct bytes *b);
#define _cleanup_bytes_ __attribute__((cleanup(bytes_free)))
int bytes_room(struct bytes *b, size_t more, struct err *e); /* makes room for `more` bytes behind len */
int bytes_add(struct bytes *b, const void *p, size_t len, struct err *e);

struct parse {
	int fd;
	const char *name;
	uint64_t entry;	 /* number of the entry being read, 0: none, for errors */
	uint64_t offset; /* of buf[0] in the file */
	uint64_t shift;	 /* what offset has more than the position in fd */
	struct err *e;
	size_t pos, used;
	char buf[65536];
};

void parse_init(struct parse *j, int fd, const char *name, struct err *e);

/* Sets an error and says where the reader stands. Always returns -1. */
int parse_fail(struct parse *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Completes an error that is set already. Always returns -1. */
int parse_complain(struct parse *j);

/* The next character that is no space, left where it is; 0 at the end of the file, -1 on error. */
int parse_peek(struct parse *j);

int parse_expect(struct parse *j, char c);

/*
 * Walks the items of a list or object: call with *first true right after its opening bracket was taken. Returns 1 when
 * an item follows, 0 behind the closing bracket.
 */
int parse_next(struct parse *j, char close, bool *first);

/* A string without its quotes and escapes into *out, which is emptied before and NUL-terminated (not counted in len). */
int parse_string(struct parse *j, struct bytes *out);

/* A string and the colon behind it. */
int parse_key(struct parse *j, struct bytes *out);

/* An integer: its sign and its magnitude. */
int parse_number(struct parse *j, bool *negative, uint64_t *magnitude);

/* true or false; 0 and 1 count as well. */
int parse_bool(struct parse *j, bool *ret);

/*
 * The inside of a string, its opening quote taken, in pieces. parse_run: the bytes up to the next quote or backslash or
 * the end of the buffer; they stay valid until the next call. parse_after_run: what ended the run: 0 the closing quote
 * (taken), n > 0 bytes of an escape in out, -1 an error, -2 only the end of the buffer.
 */
int parse_run(struct parse *j, const char **run, size_t *len);
int parse_after_run(struct parse *j, uint8_t out[4]);

/* A base64 string, decoded, in pieces: `take` gets them in order. *total is the number of bytes. */
int parse_base64(struct parse *j, int (*take)(void *arg, const uint8_t *p, size_t len, struct err *e), void *arg,
		 uint64_t *total);

/* The same, all of it, appended to *out. */
int parse_base64_bytes(struct parse *j, struct bytes *out);

/* Skips a value of any kind. Only its strings and brackets are looked at. */
int parse_skip(struct parse *j);

/*
 * Going back: parse_mark remembers the place, parse_return continues there. What comes from a pipe is copied into a
 * temporary file first, which *own_fd is set to.
 */
int parse_mark(struct parse *j, uint64_t *mark, int *own_fd);
int parse_return(struct parse *j, uint64_t mark);

/* The text of a JSON document must end here. */
int parse_end(struct parse *j);

#endif
