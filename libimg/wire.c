// SPDX-License-Identifier: LGPL-2.1-only
/* Walking and checking messages in wire format. */
#include <string.h>

#include "libimg/wire.h"

#define REQUIRED_MAX 64 /* required fields of one message that are tracked; no message has more than 40 */

struct walk {
	const uint8_t *start;
	uint64_t offset; /* of start, in the file */
	bool canonical;
	struct err *e;
};

static int get_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret, bool *minimal)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 70; shift += 7) {
		uint8_t b;

		if (*p == end)
			return -1;
		b = *(*p)++;
		if (shift == 63 && b > 1)
			return -1;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			if (!b && shift)
				*minimal = false;
			*ret = v;
			return 0;
		}
	}
	return -1;
}

size_t wire_put_varint(uint8_t *p, uint64_t value)
{
	size_t n = 0;

	while (value >= 0x80) {
		p[n++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	p[n++] = (uint8_t)value;
	return n;
}

static int get_fixed(const uint8_t **p, const uint8_t *end, size_t size, uint64_t *ret)
{
	if ((size_t)(end - *p) < size)
		return -1;
	*ret = 0;
	memcpy(ret, *p, size); /* the wire format and every CPU we run on are little-endian */
	*p += size;
	return 0;
}

int wire_next(const uint8_t **p, const uint8_t *end, struct wire_field *ret)
{
	uint64_t key, len;

	ret->minimal = true;
	if (get_varint(p, end, &key, &ret->minimal) || key >> 32 || !(key >> 3))
		return -1;
	ret->number = (uint32_t)(key >> 3);
	ret->type = key & 7;
	switch (ret->type) {
	case WIRE_VARINT:
		return get_varint(p, end, &ret->value, &ret->minimal);
	case WIRE_64:
		return get_fixed(p, end, 8, &ret->value);
	case WIRE_32:
		return get_fixed(p, end, 4, &ret->value);
	case WIRE_LEN:
		if (get_varint(p, end, &len, &ret->minimal) || len > (uint64_t)(end - *p))
			return -1;
		ret->data = *p;
		ret->len = (size_t)len;
		*p += len;
		return 0;
	}
	return -1;
}

int64_t wire_signed(ProtobufCType type, uint64_t value)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
		return (int32_t)value;
	case PROTOBUF_C_TYPE_SINT32:
		return (int32_t)((uint32_t)value >> 1) ^ -(int32_t)(value & 1);
	case PROTOBUF_C_TYPE_SINT64:
		return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
	default:
		return (int64_t)value;
	}
}

enum wire_type wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_LEN;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_64;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_32;
	default:
		return WIRE_VARINT;
	}
}

/* Would protobuf-c write this value for a field of this type? */
static bool value_fits(ProtobufCType type, uint64_t value)
{
	switch (type) {
	case PROTOBUF_C_TYPE_BOOL:
		return value <= 1;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_SINT32:
		return value <= UINT32_MAX;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
		return value == (uint64_t)(int64_t)(int32_t)value;
	default:
		return true;
	}
}

static int fail(const struct walk *w, const uint8_t *at, const ProtobufCMessageDescriptor *desc, const char *field,
		const char *what)
{
	return err_set(w->e, 0, "%s%s%s at offset %llu: %s", desc->name, field ? "." : "", field ? field : "",
		       (unsigned long long)(w->offset + (uint64_t)(at - w->start)), what);
}

static int check_message(struct walk *w, const ProtobufCMessageDescriptor *desc, const uint8_t *p, const uint8_t *end,
			 unsigned int depth);

int wire_next_packed(const uint8_t **p, const uint8_t *end, ProtobufCType type, uint64_t *ret)
{
	enum wire_type wire = wire_type_of(type);
	bool minimal;

	return wire == WIRE_VARINT ? get_varint(p, end, ret, &minimal) :
				     get_fixed(p, end, wire == WIRE_64 ? 8 : 4, ret);
}

/* Numbers of a repeated field in one run of bytes: nobody writes it, everybody must read it. */
static int check_packed(struct walk *w, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd,
			const struct wire_field *f)
{
	const uint8_t *p = f->data, *end = f->data + f->len;
	uint64_t v;

	w->canonical = false;
	while (p < end) {
		if (wire_next_packed(&p, end, fd->type, &v))
			return fail(w, p, desc, fd->name, "bad packed numbers");
	}
	return 0;
}

static int check_field(struct walk *w, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd,
		       const struct wire_field *f, const uint8_t *at, unsigned int depth)
{
	enum wire_type type = wire_type_of(fd->type);

	if (type != WIRE_LEN && f->type == WIRE_LEN && fd->label == PROTOBUF_C_LABEL_REPEATED)
		return check_packed(w, desc, fd, f);
	if (f->type != type)
		return fail(w, at, desc, fd->name, "wrong wire type");
	if (!f->minimal || (type == WIRE_VARINT && !value_fits(fd->type, f->value)))
		w->canonical = false;
	if (fd->type == PROTOBUF_C_TYPE_MESSAGE)
		return check_message(w, fd->descriptor, f->data, f->data + f->len, depth + 1);
	return 0;
}

static int check_required(const struct walk *w, const ProtobufCMessageDescriptor *desc, uint64_t seen,
			  const uint8_t *end)
{
	for (unsigned int i = 0; i < desc->n_fields && i < REQUIRED_MAX; i++) {
		if (desc->fields[i].label == PROTOBUF_C_LABEL_REQUIRED && !(seen >> i & 1))
			return fail(w, end, desc, desc->fields[i].name, "required, but missing");
	}
	return 0;
}

static int check_message(struct walk *w, const ProtobufCMessageDescriptor *desc, const uint8_t *p, const uint8_t *end,
			 unsigned int depth)
{
	const ProtobufCFieldDescriptor *last = NULL;
	const uint8_t *start = p;
	uint64_t seen = 0;

	if (depth >= WIRE_DEPTH_MAX)
		return fail(w, p, desc, NULL, "messages nest too deep");
	while (p < end) {
		const ProtobufCFieldDescriptor *fd;
		const uint8_t *at = p;
		struct wire_field f;

		if (wire_next(&p, end, &f))
			return fail(w, at, desc, NULL, "no valid field");
		/* Most messages have their fields in order: look behind the last one before searching. */
		fd = last ? last + 1 : desc->fields;
		if (fd >= desc->fields + desc->n_fields || fd->id != f.number)
			fd = protobuf_c_message_descriptor_get_field(desc, f.number);
		if (!fd) {
			w->canonical = false;
			continue;
		}
		if (last && (fd < last || (fd == last && fd->label != PROTOBUF_C_LABEL_REPEATED)))
			w->canonical = false;
		if (check_field(w, desc, fd, &f, at, depth))
			return -1;
		if (fd - desc->fields < REQUIRED_MAX)
			seen |= 1ull << (fd - desc->fields);
		last = fd;
	}
	return check_required(w, desc, seen, depth ? start : end);
}

int wire_check(const ProtobufCMessageDescriptor *desc, const uint8_t *buf, size_t len, uint64_t offset,
	       bool *canonical_ret, struct err *e)
{
	struct walk w = { .start = buf, .offset = offset, .canonical = true, .e = e };

	if (check_message(&w, desc, buf, buf + len, 0))
		return -1;
	if (canonical_ret)
		*canonical_ret = w.canonical;
	return 0;
}
