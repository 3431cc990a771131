/* SPDX-License-Identifier: GPL-2.0-only */
/* Searching memory: what is looked for (matcher), and how it is found in memory that comes in pieces (scan). */
#ifndef CRKIT_CRIT_SEARCH_H
#define CRKIT_CRIT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crit/source.h"

#define SEARCH_BEFORE 16 /* bytes of context in front of a match */
#define SEARCH_AFTER  32 /* and behind it */

struct matcher;

/* A byte sequence of at least one byte. */
int matcher_plain(struct matcher **ret, const void *bytes, size_t len, struct err *e);

/* A regular expression as Perl has them, over bytes. */
int matcher_regex(struct matcher **ret, const char *pattern, struct err *e);

void matcher_close(struct matcher **m);

/* How far beyond its first byte a match may reach, bytes. Those of regular expressions are promised to be found to half of it. */
size_t matcher_reach(const struct matcher *m);

/* How many bytes in front of a match it may look at. */
size_t matcher_lookbehind(const struct matcher *m);

struct span {
	size_t start, end;
};

/*
 * The first match in text[0, len) that begins at `from` or behind. final: no text follows. Returns 1; or 0, then ret->start is
 * where to go on when more text is there; -1 on error. No match is empty.
 */
int matcher_find(struct matcher *m, const uint8_t *text, size_t len, size_t from, bool final, struct span *ret,
		 struct err *e);

/* A match, with what is around it. The bytes are valid until the call returns. */
struct hit {
	uint64_t addr;
	const uint8_t *bytes; /* those before the match, the match, those behind it */
	size_t before, len, after;
};

struct scan;

int scan_open(struct scan **ret, struct matcher *m, int (*hit)(void *ctx, const struct hit *h, struct err *e),
	      void *ctx, struct err *e);
void scan_close(struct scan **s);

/*
 * Bytes at an address: those at offset `at` of a part, zeroes where it is NULL. Where they do not follow those given before, a new
 * stretch of memory begins.
 */
int scan_bytes(struct scan *s, uint64_t addr, const struct part *p, uint64_t at, uint64_t len, struct err *e);

/* The stretch of memory is over. */
int scan_end(struct scan *s, struct err *e);

#endif
