/* SPDX-License-Identifier: GPL-2.0-only */
/* Images made by hand: what tests append to them, piece by piece. */
#ifndef CRKIT_TEST_LIBIMG_MAKE_H
#define CRKIT_TEST_LIBIMG_MAKE_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libimg/parse.h"
#include "libimg/wire.h"

static inline void add(struct bytes *b, const void *p, size_t len)
{
	struct err e;

	if (bytes_add(b, p, len, &e))
		exit(99);
}

static inline void add_word(struct bytes *b, uint32_t v)
{
	add(b, &v, sizeof(v));
}

static inline void add_varint(struct bytes *b, uint64_t v)
{
	uint8_t p[10];

	add(b, p, wire_put_varint(p, v));
}

static inline void add_tag(struct bytes *b, uint32_t number, enum wire_type type)
{
	add_varint(b, (uint64_t)number << 3 | type);
}

static inline void add_number(struct bytes *b, uint32_t number, uint64_t v)
{
	add_tag(b, number, WIRE_VARINT);
	add_varint(b, v);
}

static inline void add_block(struct bytes *b, uint32_t number, const void *p, size_t len)
{
	add_tag(b, number, WIRE_LEN);
	add_varint(b, len);
	add(b, p, len);
}

/* A length word and the record. */
static inline void add_record(struct bytes *b, const struct bytes *record)
{
	add_word(b, (uint32_t)record->len);
	add(b, record->p, record->len);
}

/* A new memory file with these bytes, at its beginning. */
static inline int file_with(const void *p, size_t len)
{
	int fd = memfd_create("made", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, p, len, 0) != (ssize_t)len)
		exit(99);
	return fd;
}

#endif
