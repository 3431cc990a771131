/* SPDX-License-Identifier: LGPL-2.1-only */
/* A JSON object as a message in wire format. */
#ifndef CRKIT_LIBIMG_BUILD_H
#define CRKIT_LIBIMG_BUILD_H

#include <protobuf-c/protobuf-c.h>

#include "libimg/parse.h"

struct segment;

struct build {
	struct parse *j;
	struct bytes key, string; /* the last key and string value */
	struct bytes raw;	  /* "_raw" of the record */
	bool has_raw;
	struct bytes sorted;   /* for fields that came in another order than that of their numbers */
	struct segment *stack; /* the fields of the objects being read, innermost last */
	size_t used, size;

	/*
	 * Takes the value of a key of the record that is no field ("extra"). Returns 1 when the key is known, 0 when
	 * not, -1 on error.
	 */
	int (*other_key)(void *arg, const char *key);
	void *arg;
};

void build_init(struct build *b, struct parse *j);
void build_free(struct build *b);

/* Reads an object and appends its message to *out. Keys that are no field go to b->other_key. */
int build_record(struct build *b, const ProtobufCMessageDescriptor *desc, struct bytes *out);

#endif
