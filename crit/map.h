/* SPDX-License-Identifier: GPL-2.0-only */
/* A map from numbers in name spaces to numbers: what ids of a checkpoint stand for. */
#ifndef CRKIT_CRIT_MAP_H
#define CRKIT_CRIT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t key;
	uint32_t space, value;
	bool used;
};

struct map {
	struct map_slot *slots;
	size_t nr, room; /* room: a power of two, or 0 */
	bool no_memory;	 /* something could not be put in */
};

/* Puts a value in, unless there is one. Returns whether the key is new. */
bool map_put(struct map *m, uint32_t space, uint64_t key, uint32_t value);

/* The value of a key, or NULL. It may be changed; it stays where it is until the next map_put. */
uint32_t *map_get(const struct map *m, uint32_t space, uint64_t key);

void map_free(struct map *m);

#endif
