/* SPDX-License-Identifier: LGPL-2.1-only */
/* How fields are shown to people: see hints.def. */
#ifndef CRKIT_LIBIMG_HINTS_H
#define CRKIT_LIBIMG_HINTS_H

#include <stddef.h>
#include <stdint.h>

enum hint_how { HINT_NONE, HINT_HEX, HINT_DEV, HINT_ODEV, HINT_IPADD, HINT_FLAGS, HINT_DICT, HINT_QUOPRI };

enum hint_names {
	NAMES_NONE,
	NAMES_MMAP_PROT,
	NAMES_MMAP_FLAGS,
	NAMES_MMAP_STATUS,
	NAMES_RFILE_FLAGS,
	NAMES_PMAP_FLAGS,
	NAMES_SEALS_FLAGS,
	NAMES_TASK_STATE,
	NAMES_SK_FAMILY,
	NAMES_SK_TYPE,
	NAMES_SK_STATE,
	NAMES_SK_PROTO,
};

struct hint {
	const char *message, *field;
	enum hint_how how;
	enum hint_names names;
};

/* Never NULL: a field without a hint has HINT_NONE. */
const struct hint *hint_for(const char *message, const char *field);

/* Name number i of a set, in the order of showing; NULL behind the last. */
const char *hint_name(enum hint_names set, size_t i, uint32_t *value_ret);

#endif
