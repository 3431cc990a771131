// SPDX-License-Identifier: GPL-2.0-only
/* A map from numbers in name spaces to numbers, with open addressing. */
#include <stdlib.h>

#include "crit/map.h"

static size_t place_of(uint32_t space, uint64_t key, size_t room)
{
	uint64_t h = (key ^ (uint64_t)space << 40) * 0x9e3779b97f4a7c15ull;

	return (size_t)(h ^ h >> 32) & (room - 1);
}

/* The slot of a key, or the free one where it belongs. There is always a free one. */
static struct map_slot *find(const struct map *m, uint32_t space, uint64_t key)
{
	size_t i = place_of(space, key, m->room);

	while (m->slots[i].used && (m->slots[i].key != key || m->slots[i].space != space))
		i = (i + 1) & (m->room - 1);
	return &m->slots[i];
}

static bool grow(struct map *m)
{
	struct map bigger = { .room = m->room ? 2 * m->room : 256 };

	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < m->room; i++) {
		if (m->slots[i].used)
			*find(&bigger, m->slots[i].space, m->slots[i].key) = m->slots[i];
	}
	bigger.nr = m->nr;
	free(m->slots);
	*m = bigger;
	return true;
}

bool map_put(struct map *m, uint32_t space, uint64_t key, uint32_t value)
{
	struct map_slot *s;

	if (m->nr >= m->room / 2 && !grow(m)) {
		m->no_memory = true;
		return true;
	}
	s = find(m, space, key);
	if (s->used)
		return false;
	*s = (struct map_slot){ .key = key, .space = space, .value = value, .used = true };
	m->nr++;
	return true;
}

uint32_t *map_get(const struct map *m, uint32_t space, uint64_t key)
{
	struct map_slot *s = m->room ? find(m, space, key) : NULL;

	return s && s->used ? &s->value : NULL;
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}
