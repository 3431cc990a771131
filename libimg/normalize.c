// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Messages as protobuf libraries would write them: fields in the order of their numbers, each once unless repeated, numbers
 * as short as can be and not packed, unknown fields last. protobuf-c itself cannot do it: its strings end at a NUL.
 */
#include "base/guard.h"
#include "libimg/parse.h"
#include "libimg/wire.h"

static int normalize(const ProtobufCMessageDescriptor *desc, const uint8_t *p, size_t len, struct bytes *out,
		     struct err *e);

static int add_varint(struct bytes *out, uint64_t v, struct err *e)
{
	if (bytes_room(out, 10, e))
		return -1;
	out->len += wire_put_varint(out->p + out->len, v);
	return 0;
}

static int add_tag(struct bytes *out, const ProtobufCFieldDescriptor *fd, enum wire_type type, struct err *e)
{
	return add_varint(out, (uint64_t)fd->id << 3 | type, e);
}

static int add_block(struct bytes *out, const ProtobufCFieldDescriptor *fd, const void *p, size_t len, struct err *e)
{
	return add_tag(out, fd, WIRE_LEN, e) || add_varint(out, len, e) || bytes_add(out, p, len, e) ? -1 : 0;
}

/* The bits of a number that count for its type. */
static uint64_t trim(ProtobufCType type, uint64_t v)
{
	switch (type) {
	case PROTOBUF_C_TYPE_BOOL:
		return v != 0;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_SINT32:
		return (uint32_t)v;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
		return (uint64_t)(int64_t)(int32_t)v;
	default:
		return v;
	}
}

static int add_number(struct bytes *out, const ProtobufCFieldDescriptor *fd, uint64_t v, struct err *e)
{
	enum wire_type type = wire_type_of(fd->type);

	if (add_tag(out, fd, type, e))
		return -1;
	if (type == WIRE_VARINT)
		return add_varint(out, trim(fd->type, v), e);
	return bytes_add(out, &v, type == WIRE_64 ? 8 : 4, e); /* little-endian, as the wire format */
}

static int add_packed(struct bytes *out, const ProtobufCFieldDescriptor *fd, const struct wire_field *f, struct err *e)
{
	const uint8_t *p = f->data, *end = p + f->len;
	uint64_t v;

	while (p < end) {
		if (wire_next_packed(&p, end, fd->type, &v))
			return err_set(e, 0, "bad packed numbers");
		if (add_number(out, fd, v, e))
			return -1;
	}
	return 0;
}

static int add_message(struct bytes *out, const ProtobufCFieldDescriptor *fd, const uint8_t *p, size_t len,
		       struct err *e)
{
	_cleanup_bytes_ struct bytes inner = { 0 };

	return normalize(fd->descriptor, p, len, &inner, e) || add_block(out, fd, inner.p, inner.len, e) ? -1 : 0;
}

static int add_value(struct bytes *out, const ProtobufCFieldDescriptor *fd, const struct wire_field *f, struct err *e)
{
	if (f->type != WIRE_LEN)
		return add_number(out, fd, f->value, e);
	if (fd->type == PROTOBUF_C_TYPE_MESSAGE)
		return add_message(out, fd, f->data, f->len, e);
	if (fd->type == PROTOBUF_C_TYPE_STRING || fd->type == PROTOBUF_C_TYPE_BYTES)
		return add_block(out, fd, f->data, f->len, e);
	return add_packed(out, fd, f, e);
}

/*
 * All that the message has of one field. Given more than once without being repeated, the last one counts; messages are
 * merged, for which their bytes need only follow each other.
 */
static int add_field(struct bytes *out, const ProtobufCFieldDescriptor *fd, const uint8_t *p, const uint8_t *end,
		     struct err *e)
{
	_cleanup_bytes_ struct bytes all = { 0 };
	struct wire_field f, last = { 0 };
	size_t n = 0;

	while (p < end) {
		if (wire_next(&p, end, &f))
			return err_set(e, 0, "no valid field");
		if (f.number != fd->id)
			continue;
		if (fd->label == PROTOBUF_C_LABEL_REPEATED) {
			if (add_value(out, fd, &f, e))
				return -1;
			continue;
		}
		if (n && fd->type == PROTOBUF_C_TYPE_MESSAGE) {
			if ((n == 1 && bytes_add(&all, last.data, last.len, e)) || bytes_add(&all, f.data, f.len, e))
				return -1;
			f.data = all.p;
			f.len = all.len;
		}
		last = f;
		n++;
	}
	return n ? add_value(out, fd, &last, e) : 0;
}

static int normalize(const ProtobufCMessageDescriptor *desc, const uint8_t *p, size_t len, struct bytes *out,
		     struct err *e)
{
	const uint8_t *end = p + len;

	if (bytes_room(out, 1, e)) /* also nothing shall have a place */
		return -1;
	for (unsigned int i = 0; len && i < desc->n_fields; i++) {
		if (add_field(out, &desc->fields[i], p, end, e))
			return -1;
	}
	while (len && p < end) {
		const uint8_t *at = p;
		struct wire_field f;

		if (wire_next(&p, end, &f))
			return err_set(e, 0, "no valid field");
		if (!protobuf_c_message_descriptor_get_field(desc, f.number) && bytes_add(out, at, (size_t)(p - at), e))
			return -1;
	}
	return 0;
}

int wire_normalize(const ProtobufCMessageDescriptor *desc, const uint8_t *wire, size_t len, uint8_t **ret,
		   size_t *len_ret, struct err *e)
{
	struct bytes out = { 0 };

	if (normalize(desc, wire, len, &out, e)) {
		bytes_free(&out);
		return -1;
	}
	*ret = out.p;
	*len_ret = out.len;
	return 0;
}
