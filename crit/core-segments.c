// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a core file. Unchanged pages of files are left out: debuggers take them from the files. Zeroes are holes; long
 * stretches of them share one, because a file can be smaller than an address space.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/guard.h"
#include "crit/core.h"

#define SEGMENTS_MAX (1u << 20)
#define LONG_ZEROES  (64ull << 20) /* bytes */
#define HOLE_MAX     (1ull << 30)  /* bytes */

static int add(struct segments *s, const struct segment *new, struct err *e)
{
	if (!(s->nr & (s->nr - 1))) {
		struct segment *bigger = reallocarray(s->list, s->nr ? 2 * s->nr : 1, sizeof(*bigger));

		if (!bigger)
			return err_nomem(e, "the mappings of a core file");
		s->list = bigger;
	}
	if (s->nr == SEGMENTS_MAX)
		return err_set(e, 0, "the memory has more than %u parts, too many for a core file", SEGMENTS_MAX);
	s->list[s->nr++] = *new;
	return 0;
}

static int add_zeroes(struct segments *s, const struct extent *x, struct err *e)
{
	struct segment new = { .prot = x->vma->prot, .kind = SEGMENT_ZERO };

	for (uint64_t done = 0; done < x->size; done += new.size) {
		new.addr = x->addr + done;
		new.size = x->size - done < HOLE_MAX ? x->size - done : HOLE_MAX;
		if (add(s, &new, e))
			return -1;
		if (new.size > s->zeroes)
			s->zeroes = new.size;
	}
	return 0;
}

static int add_extent(struct segments *s, const struct extent *x, struct err *e)
{
	struct segment *last = s->nr ? &s->list[s->nr - 1] : NULL;
	struct segment new = { .addr = x->addr, .size = x->size, .prot = x->vma->prot };

	if (x->kind == EXTENT_ZERO && x->vma->prot != PROT_NONE && x->size >= LONG_ZEROES)
		return add_zeroes(s, x, e);
	/* What is only reserved has no content: nobody could ever read it. */
	if (x->kind == EXTENT_IMAGE || (x->kind == EXTENT_ZERO && x->vma->prot != PROT_NONE))
		new.kind = SEGMENT_BYTES;
	if (last && last->kind == new.kind && last->addr + last->size == new.addr &&new.addr != x->vma->start) {
		last->size += new.size;
		return 0;
	}
	return add(s, &new, e);
}

int core_segments(const struct corpse *p, struct segments *ret, struct err *e)
{
	struct extent x;
	uint64_t at = 0;
	int rc;

	*ret = (struct segments){ 0 };
	while ((rc = memory_extent(p->m, at, &x, e)) > 0) {
		if (memory_is_missing(&x))
			return err_set(e, 0, "the pages at 0x%" PRIx64 " are in an earlier dump that is not there",
				       x.addr);
		if (add_extent(ret, &x, e))
			return -1;
		at = x.addr + x.size;
	}
	return rc;
}
