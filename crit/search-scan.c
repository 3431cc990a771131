// SPDX-License-Identifier: GPL-2.0-only
/* Finding matches in memory that comes in pieces: a window slides over it that is never cut where a match could be. */
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/search.h"

#define CHUNK (512 * 1024) /* bytes read at once: they stay in the processor's cache while they are searched */

struct scan {
	struct matcher *m;
	int (*hit)(void *ctx, const struct hit *h, struct err *e);
	void *ctx;
	uint8_t *buf;
	size_t room, have;
	size_t next;   /* where in buf the next match may begin */
	size_t keep;   /* bytes that have to stay in front of it */
	uint64_t addr; /* of buf[0] */
};

int scan_open(struct scan **ret, struct matcher *m, int (*hit)(void *ctx, const struct hit *h, struct err *e),
	      void *ctx, struct err *e)
{
	struct scan *s = calloc(1, sizeof(*s));

	if (!s)
		return err_nomem(e, "a search");
	*s = (struct scan){ .m = m, .hit = hit, .ctx = ctx };
	s->keep = matcher_lookbehind(m) > SEARCH_BEFORE ? matcher_lookbehind(m) : SEARCH_BEFORE;
	s->room = s->keep + matcher_reach(m) + 1 + SEARCH_AFTER + CHUNK;
	s->buf = malloc(s->room);
	if (!s->buf) {
		free(s);
		return err_nomem(e, "a search");
	}
	*ret = s;
	return 0;
}

void scan_close(struct scan **s)
{
	if (*s)
		free((*s)->buf);
	free(take_ptr(*s));
}

static int report(struct scan *s, const struct span *at, struct err *e)
{
	struct hit h = { .addr = s->addr + at->start, .len = at->end - at->start };

	h.before = at->start < SEARCH_BEFORE ? at->start : SEARCH_BEFORE;
	h.after = s->have - at->end < SEARCH_AFTER ? s->have - at->end : SEARCH_AFTER;
	h.bytes = s->buf + at->start - h.before;
	return s->hit(s->ctx, &h, e);
}

/* Reports what is in the window, but for a match of which more has to be seen, unless it is the last window (final). */
static int look(struct scan *s, bool final, struct err *e)
{
	struct span at;
	int rc;

	while ((rc = matcher_find(s->m, s->buf, s->have, s->next, final, &at, e)) > 0) {
		if (!final && s->have - at.end < SEARCH_AFTER)
			break;
		if (report(s, &at, e))
			return -1;
		s->next = at.end;
	}
	if (rc < 0)
		return err_in(e, "at 0x%llx", (unsigned long long)(s->addr + s->next));
	if (!final)
		s->next = at.start;
	return 0;
}

/* Makes room by letting go what is not needed any more. */
static int slide(struct scan *s, struct err *e)
{
	size_t gone, back = s->have - matcher_reach(s->m) / 2;

	if (look(s, false, e))
		return -1;
	if (s->next <= s->keep) {
		/* What might be a match is longer than the window: judge it by what is there, and those that begin late again. */
		if (look(s, true, e))
			return -1;
		if (s->next < back)
			s->next = back;
	}
	gone = s->next > s->keep ? s->next - s->keep : 0;
	memmove(s->buf, s->buf + gone, s->have - gone);
	s->have -= gone;
	s->next -= gone;
	s->addr += gone;
	return 0;
}

int scan_end(struct scan *s, struct err *e)
{
	int failed = s->have ? look(s, true, e) : 0;

	s->have = s->next = 0;
	return failed;
}

int scan_bytes(struct scan *s, uint64_t addr, const struct part *p, uint64_t at, uint64_t len, struct err *e)
{
	if (s->have && addr != s->addr + s->have && scan_end(s, e))
		return -1;
	if (!s->have)
		s->addr = addr;
	while (len) {
		size_t n = s->room - s->have;

		if (!n) {
			if (slide(s, e))
				return -1;
			continue;
		}
		if (n > len)
			n = (size_t)len;
		if (!p)
			memset(s->buf + s->have, 0, n);
		else if (part_read(p, at, s->buf + s->have, n, e))
			return -1;
		s->have += n;
		at += n;
		len -= n;
	}
	return 0;
}
