/* SPDX-License-Identifier: LGPL-2.1-only */
/* A message in wire format as a JSON object. */
#ifndef CRKIT_LIBIMG_SHOW_H
#define CRKIT_LIBIMG_SHOW_H

#include "libimg/image.h"
#include "libimg/text.h"

/*
 * Writes the inside of the object, without its braces. The message must have passed wire_check and have its fields in
 * the order of their numbers, unknown ones last.
 */
void show_fields(struct text *t, const ProtobufCMessageDescriptor *desc, const uint8_t *wire, size_t len, bool pretty);

/*
 * The same for a record from a file, whatever order its fields have; "_raw" is added where needed. The reader is for
 * errors.
 */
int show_record(struct text *t, const struct img_reader *r, const ProtobufCMessageDescriptor *desc, const uint8_t *wire,
		size_t len, bool pretty, struct err *e);

#endif
