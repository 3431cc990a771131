/* SPDX-License-Identifier: GPL-2.0-only */
/* All images of a checkpoint in memory, but for the payloads: for the verbs that compare everything with everything. */
#ifndef CRKIT_CRIT_IMAGES_H
#define CRKIT_CRIT_IMAGES_H

#include "crit/map.h"
#include "crit/source.h"

struct image {
	const struct img_type *type;
	unsigned long key;
	const char *name;	 /* belongs to the source */
	ProtobufCMessage **msgs; /* the records; of page maps there are none but `map` */
	size_t nr;
	struct img_pagemap map;
	uint64_t size; /* bytes */
	bool bad;      /* not all of it could be read */
};

struct images {
	struct source *source;
	struct image *list; /* by name */
	size_t nr;
	struct map by_key; /* by type (space) and key */
};

/* Told of each image that cannot be read; what was read before stays. record: from 1, 0: none was begun. */
typedef void images_bad(void *arg, const struct image *image, size_t record, const struct err *why);

/* Reads all images of a source, which must stay open. Fails only when the directory cannot be listed or memory ends. */
int images_load(struct images *im, struct source *s, images_bad *bad, void *arg, struct err *e);
void images_free(struct images *im);
#define _cleanup_images_ __attribute__((cleanup(images_free)))

/* An image, or NULL. */
const struct image *images_find(const struct images *im, enum img_id id, unsigned long key);

/* The first record of an image, NULL when there is no such image or record. */
const void *images_one(const struct images *im, enum img_id id, unsigned long key);

/* Takes what follows a record (the one last read) in its image: everything that is checked, nothing that is kept. */
int payload_skip(struct img_reader *r, const ProtobufCMessage *msg, struct err *e);

#endif
