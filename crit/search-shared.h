/* SPDX-License-Identifier: GPL-2.0-only */
/* Where shared memory is mapped, so that it is searched once and reported wherever it is. */
#ifndef CRKIT_CRIT_SEARCH_SHARED_H
#define CRKIT_CRIT_SEARCH_SHARED_H

#include "crit/memory.h"

/* A stretch of a shared object in the memory of a task. */
struct alias {
	uint64_t object, at, size; /* the object's id, the stretch in it */
	uint64_t addr;
	uint32_t pid;
	size_t order; /* that in which memory is searched */
};

struct aliases {
	struct alias *list;
	size_t nr;
};

/* Adds an extent that is shared. To be called in the order in which memory is searched. */
int aliases_add(struct aliases *s, uint32_t pid, const struct extent *x, struct err *e);

/* To be called when all are there. */
void aliases_sort(struct aliases *s);
void aliases_free(struct aliases *s);

/* Those of one object, in the order in which they are searched. */
const struct alias *aliases_of(const struct aliases *s, uint64_t object, size_t *nr_ret);

/* Is a part of the object all within it? */
bool alias_has(const struct alias *a, uint64_t at, uint64_t len);

#endif
