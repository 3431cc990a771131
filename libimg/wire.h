/* SPDX-License-Identifier: LGPL-2.1-only */
/* The protobuf wire format, walked by a descriptor. */
#ifndef CRKIT_LIBIMG_WIRE_H
#define CRKIT_LIBIMG_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* How deep messages may nest (profiles and cgroup directories contain themselves). */
#define WIRE_DEPTH_MAX 100

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LEN = 2, WIRE_32 = 5 };

/* One field as it lies in a message. */
struct wire_field {
	uint32_t number;
	enum wire_type type;
	uint64_t value;	     /* WIRE_VARINT, WIRE_64, WIRE_32 */
	const uint8_t *data; /* WIRE_LEN */
	size_t len;
	bool minimal; /* every varint of it was as short as can be */
};

/*
 * Takes the field at *p, which is before end, and moves *p behind it. Returns 0, or -1 when the bytes are no field. It
 * does not look into sub-messages.
 */
int wire_next(const uint8_t **p, const uint8_t *end, struct wire_field *ret);

/*
 * Is this a message of that type? Checks wire types, lengths, required fields and depth. `offset` is where the message
 * lies in the file, for the error. *canonical_ret (or NULL) says whether protobuf-c would write the very same bytes.
 */
int wire_check(const ProtobufCMessageDescriptor *desc, const uint8_t *buf, size_t len, uint64_t offset,
	       bool *canonical_ret, struct err *e);

/*
 * A checked message as protobuf libraries would write it (what wire_check calls canonical). The caller frees *ret, which is a
 * place also for no bytes.
 */
int wire_normalize(const ProtobufCMessageDescriptor *desc, const uint8_t *wire, size_t len, uint8_t **ret,
		   size_t *len_ret, struct err *e);

/* How values of a type are written, one by one. */
enum wire_type wire_type_of(ProtobufCType type);

/* Takes one number of a packed list at *p, which is before end. Returns 0, or -1 when there is none. */
int wire_next_packed(const uint8_t **p, const uint8_t *end, ProtobufCType type, uint64_t *ret);

/* The value of a varint field as the type means it. */
int64_t wire_signed(ProtobufCType type, uint64_t value);

size_t wire_put_varint(uint8_t *p, uint64_t value); /* needs 10 bytes of room */

#endif
