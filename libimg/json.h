/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Images as JSON and back, in the layout of CRIU's own image tool: {"magic": NAME, "entries": [{...}, ...]}, one object
 * per record with its fields in the order of their numbers, then "extra" for the bytes that follow the record.
 *
 * What that layout cannot hold is kept in keys of our own, so that decode and encode are the identity for every image:
 *
 *   "_version": "1.0"  at the top: the image has one magic word, not two
 *   "_unknown"         base64: fields of this message that no descriptor knows
 *   "_raw"             base64: the record as it was, where packing its fields again gives other bytes (it counts as
 *                      long as the fields are unchanged)
 *   "_pad"             base64: padding behind the payload, where it is not zero
 */
#ifndef CRKIT_LIBIMG_JSON_H
#define CRKIT_LIBIMG_JSON_H

#include "libimg/libimg.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IMG_JSON_PRETTY	    1u /* indented, with display hints */
#define IMG_JSON_NO_PAYLOAD 2u /* instead of payloads, their sizes; cannot be encoded again */

/* The image at descriptor `in` as JSON on `out`. Names are for errors (and of raw images: `in_name` for the type). */
int img_decode(int in, const char *in_name, int out, const char *out_name, unsigned int flags, struct err *e);

/* What is in an image, all of which is read and checked. */
struct img_info {
	const struct img_type *type;
	uint64_t entries; /* without the head of a pagemap */
	uint64_t pages;	  /* of a pagemap */
	uint64_t size;	  /* bytes */
};

int img_inspect(int in, const char *in_name, struct img_info *ret, struct err *e);

/* JSON at descriptor `in` as an image on `out`. Reads what img_decode writes, pretty or not. */
int img_encode(int in, const char *in_name, int out, const char *out_name, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
