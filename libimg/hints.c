// SPDX-License-Identifier: LGPL-2.1-only
/* Looking up display hints. */
#include <string.h>

#include "base/guard.h"
#include "libimg/hints.h"

static const struct hint hints[] = {
#define HINT(message, field, how, names) { #message, #field, HINT_##how, NAMES_##names },
#include "libimg/hints.def"
#undef HINT
};

static const struct {
	enum hint_names set;
	const char *name;
	uint32_t value;
} all_names[] = {
#define NAME(set, name, value) { NAMES_##set, name, value },
#include "libimg/hints.def"
#undef NAME
};

const struct hint *hint_for(const char *message, const char *field)
{
	static const struct hint none;
	size_t low = 0, high = ARRAY_SIZE(hints);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(message, hints[mid].message);

		if (!order)
			order = strcmp(field, hints[mid].field);
		if (!order)
			return &hints[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return &none;
}

const char *hint_name(enum hint_names set, size_t i, uint32_t *value_ret)
{
	size_t at = 0;

	while (at < ARRAY_SIZE(all_names) && all_names[at].set != set)
		at++;
	at += i;
	if (at >= ARRAY_SIZE(all_names) || all_names[at].set != set)
		return NULL;
	*value_ret = all_names[at].value;
	return all_names[at].name;
}
