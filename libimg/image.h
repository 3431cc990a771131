/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the parts of libimg share and its users do not see. */
#ifndef CRKIT_LIBIMG_IMAGE_H
#define CRKIT_LIBIMG_IMAGE_H

#include "libimg/libimg.h"

#define IMG_COMMON_MAGIC  0x54564319u
#define IMG_SERVICE_MAGIC 0x55105940u
#define IMG_BUF_SIZE	  65536u

/* The word in front of an image's own magic; 0 where there is none. */
uint32_t img_first_word(enum img_id id);

/* The message type of record `nr` (from 1) of an image. */
const ProtobufCMessageDescriptor *img_record_desc(const struct img_type *t, uint64_t nr);

/* Where the reader stands, for messages: the last record's number and offset. */
struct img_place {
	uint64_t record; /* from 1; 0 before the first */
	uint64_t offset; /* of the record's first byte, which is that of its length word */
};
struct img_place img_reader_place(const struct img_reader *r);
const char *img_reader_name(const struct img_reader *r);
uint64_t img_reader_offset(const struct img_reader *r);

/*
 * The next record as it lies in the file. *ret stays valid until the next call. Returns 1, 0 at the end, -1 on error.
 * `next` says that it counts as a record of its own.
 */
int img_get_wire(struct img_reader *r, bool next, const uint8_t **ret, size_t *len_ret, struct err *e);

/* Appends a record that is in wire format already. */
int img_put_wire(struct img_writer *w, const void *buf, size_t len, struct err *e);

uint64_t img_writer_offset(const struct img_writer *w);

#endif
