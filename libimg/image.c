// SPDX-License-Identifier: LGPL-2.1-only
/* The table of image types, and how names and magics lead to them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "libimg/image.h"
#include "libimg/messages.h"

#define none__descriptor (*(const ProtobufCMessageDescriptor *)NULL) /* raw images */

static const struct img_type types[IMG_COUNT] = {
#define IMAGE(ID, tmpl, magic_name, value, message, extra_kind) \
	[IMG_##ID] = { IMG_##ID, #magic_name, tmpl, value, &message##__descriptor, IMG_EXTRA_##extra_kind },
#include "libimg/images.def"
#undef IMAGE
};

const struct img_type *img_type(enum img_id id)
{
	return &types[id];
}

uint32_t img_first_word(enum img_id id)
{
	switch (id) {
	case IMG_INVENTORY:
		return 0;
	case IMG_STATS_DUMP:
	case IMG_STATS_RESTORE:
	case IMG_IRMAP_CACHE:
		return IMG_SERVICE_MAGIC;
	default:
		return IMG_COMMON_MAGIC;
	}
}

const ProtobufCMessageDescriptor *img_record_desc(const struct img_type *t, uint64_t nr)
{
	if (nr > 1 && t->extra == IMG_EXTRA_PAGEMAP)
		return &pagemap_entry__descriptor;
	if (nr > 1 && t->extra == IMG_EXTRA_GHOST_FILE)
		return &ghost_chunk_entry__descriptor;
	return t->desc;
}

const struct img_type *img_type_by_magic(uint32_t magic)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].magic == magic && magic)
			return &types[i];
	}
	return NULL;
}

const struct img_type *img_type_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcmp(types[i].name, name))
			return &types[i];
	}
	return NULL;
}

/* Does `file` fit a template? "%lu" and its like stand for one number. */
static bool fits(const char *file, const char *tmpl)
{
	const char *hole = strchr(tmpl, '%');
	const char *digits;
	bool hex;

	if (!hole)
		return !strcmp(file, tmpl);
	if (strncmp(file, tmpl, (size_t)(hole - tmpl)))
		return false;
	file += hole - tmpl;
	hole += strspn(hole, "%l");
	hex = *hole == 'x';
	digits = file;
	while (hex ? isxdigit((unsigned char)*file) : isdigit((unsigned char)*file))
		file++;
	return file > digits && !strcmp(file, hole + 1);
}

const struct img_type *img_type_by_file(const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (fits(file, types[i].pattern))
			return &types[i];
	}
	return NULL;
}

const char *img_name(enum img_id id, unsigned long key, char *buf, size_t size)
{
	const char *tmpl = types[id].pattern;
	const char *hole = strchr(tmpl, '%');
	const char *conv;

	if (!hole) {
		snprintf(buf, size, "%s", tmpl);
		return buf;
	}
	conv = hole + strspn(hole, "%l");
	if (*conv == 'x')
		snprintf(buf, size, "%.*s%lx%s", (int)(hole - tmpl), tmpl, key, conv + 1);
	else
		snprintf(buf, size, "%.*s%lu%s", (int)(hole - tmpl), tmpl, key, conv + 1);
	return buf;
}
