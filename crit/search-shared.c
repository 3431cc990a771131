// SPDX-License-Identifier: GPL-2.0-only
/* Memory that several mappings share is searched once. This is the list of where it is mapped. */
#include <stdlib.h>

#include "base/guard.h"
#include "crit/search-shared.h"

static int by_object(const void *a, const void *b)
{
	const struct alias *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool continues(const struct alias *a, uint32_t pid, const struct extent *x)
{
	return a->pid == pid && a->object == x->object && a->addr + a->size == x->addr &&
	       a->at + a->size == x->object_at;
}

int aliases_add(struct aliases *s, uint32_t pid, const struct extent *x, struct err *e)
{
	struct alias *last = s->nr ? &s->list[s->nr - 1] : NULL;

	if (last && continues(last, pid, x)) {
		last->size += x->size;
		return 0;
	}
	if (!(s->nr & (s->nr - 1))) {
		struct alias *bigger = reallocarray(s->list, s->nr ? 2 * s->nr : 1, sizeof(*bigger));

		if (!bigger)
			return err_nomem(e, "the list of shared memory");
		s->list = bigger;
	}
	s->list[s->nr] = (struct alias){
		.object = x->object, .at = x->object_at, .size = x->size, .addr = x->addr, .pid = pid, .order = s->nr
	};
	s->nr++;
	return 0;
}

void aliases_sort(struct aliases *s)
{
	if (s->nr)
		qsort(s->list, s->nr, sizeof(*s->list), by_object);
}

void aliases_free(struct aliases *s)
{
	free(take_ptr(s->list));
	s->nr = 0;
}

const struct alias *aliases_of(const struct aliases *s, uint64_t object, size_t *nr_ret)
{
	size_t lo = 0, hi = s->nr, end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->list[mid].object < object)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < s->nr && s->list[end].object == object; end++)
		;
	*nr_ret = end - lo;
	return s->list + lo;
}

bool alias_has(const struct alias *a, uint64_t at, uint64_t len)
{
	return at >= a->at && at - a->at <= a->size && len <= a->size - (at - a->at);
}
