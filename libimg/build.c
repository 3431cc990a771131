// SPDX-License-Identifier: LGPL-2.1-only
/*
 * JSON objects as messages, by their descriptors, straight into wire format: what JSON says is checked against the
 * type of each field, fields are put into the order of their numbers, required ones must be there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "libimg/build.h"
#include "libimg/image.h"
#include "libimg/show.h"
#include "libimg/value.h"
#include "libimg/wire.h"

/* The bytes of one field within the message being built. UNKNOWN: of "_unknown". */
struct segment {
	const ProtobufCFieldDescriptor *fd;
	size_t start, end;
};

static int build_object(struct build *b, const ProtobufCMessageDescriptor *desc, struct bytes *out, unsigned int depth);

void build_init(struct build *b, struct parse *j)
{
	memset(b, 0, sizeof(*b));
	b->j = j;
}

void build_free(struct build *b)
{
	bytes_free(&b->key);
	bytes_free(&b->string);
	bytes_free(&b->raw);
	bytes_free(&b->sorted);
	free(b->stack);
	b->stack = NULL;
}

static int put_varint(struct build *b, struct bytes *out, uint64_t v)
{
	if (bytes_room(out, 10, b->j->e))
		return parse_complain(b->j);
	out->len += wire_put_varint(out->p + out->len, v);
	return 0;
}

static int put_bytes(struct build *b, struct bytes *out, const void *p, size_t len)
{
	return bytes_add(out, p, len, b->j->e) ? parse_complain(b->j) : 0;
}

static int put_tag(struct build *b, struct bytes *out, const ProtobufCFieldDescriptor *fd, enum wire_type type)
{
	return put_varint(b, out, (uint64_t)fd->id << 3 | type);
}

/* Puts the length of what was written behind `start` in front of it. */
static int put_length(struct build *b, struct bytes *out, size_t start)
{
	uint8_t varint[10];
	size_t len = out->len - start, n = wire_put_varint(varint, len);

	if (bytes_room(out, n, b->j->e))
		return parse_complain(b->j);
	memmove(out->p + start + n, out->p + start, len);
	memcpy(out->p + start, varint, n);
	out->len += n;
	return 0;
}

static int out_of_range(struct build *b, const ProtobufCFieldDescriptor *fd, bool negative, uint64_t v)
{
	return parse_fail(b->j, "%s%llu is out of range for \"%s\"", negative ? "-" : "", (unsigned long long)v,
			  fd->name);
}

/* Checks a number against the field's type and turns it into what the wire has. */
static int to_wire(struct build *b, const ProtobufCFieldDescriptor *fd, bool negative, uint64_t magnitude,
		   uint64_t *ret)
{
	uint64_t max = UINT64_MAX, v = negative ? -magnitude : magnitude;

	switch (fd->type) {
	case PROTOBUF_C_TYPE_UINT32:
		max = UINT32_MAX;
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_ENUM:
		max = (uint64_t)INT32_MAX + negative;
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
		max = (uint64_t)INT64_MAX + negative;
		break;
	default:
		break;
	}
	if (magnitude > max || (negative && magnitude && (max == UINT64_MAX || max == UINT32_MAX)))
		return out_of_range(b, fd, negative, magnitude);
	if (fd->type == PROTOBUF_C_TYPE_SINT32)
		v = (uint32_t)v << 1 ^ (negative ? UINT32_MAX : 0);
	else if (fd->type == PROTOBUF_C_TYPE_SINT64)
		v = v << 1 ^ (negative ? UINT64_MAX : 0);
	*ret = v;
	return 0;
}

/* A number that is written as text. */
static int text_number(struct build *b, const ProtobufCFieldDescriptor *fd, const struct hint *h, uint64_t *ret)
{
	const char *s;

	if (parse_string(b->j, &b->string))
		return -1;
	s = (const char *)b->string.p;
	if (strlen(s) != b->string.len)
		return parse_fail(b->j, "a NUL within the value of \"%s\"", fd->name);
	if (fd->type == PROTOBUF_C_TYPE_ENUM) {
		const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(fd->descriptor, s);

		if (v) {
			*ret = (uint64_t)(int64_t)v->value;
			return 0;
		}
	}
	if (!value_from_text(h, s, ret))
		return parse_fail(b->j, "\"%.60s\" is no value for \"%s\"", s, fd->name);
	return to_wire(b, fd, false, *ret, ret);
}

static int read_number(struct build *b, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd,
		       uint64_t *ret)
{
	int c = parse_peek(b->j);
	bool negative, flag;

	if (c < 0)
		return -1;
	if (fd->type == PROTOBUF_C_TYPE_BOOL) {
		if (parse_bool(b->j, &flag))
			return -1;
		*ret = flag;
		return 0;
	}
	if (c == '"')
		return text_number(b, fd, hint_for(desc->name, fd->name), ret);
	if (c != '-' && (c < '0' || c > '9'))
		return parse_fail(b->j, "a number expected for \"%s\"", fd->name);
	return parse_number(b->j, &negative, ret) || to_wire(b, fd, negative, *ret, ret) ? -1 : 0;
}

static int build_number(struct build *b, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd,
			struct bytes *out)
{
	uint64_t v;

	if (read_number(b, desc, fd, &v))
		return -1;
	if (fd->type == PROTOBUF_C_TYPE_FIXED64)
		return put_tag(b, out, fd, WIRE_64) || put_bytes(b, out, &v, sizeof(v)) ? -1 : 0;
	return put_tag(b, out, fd, WIRE_VARINT) || put_varint(b, out, v) ? -1 : 0;
}

static int build_bytes(struct build *b, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd,
		       struct bytes *out)
{
	size_t start;
	ssize_t n;

	if (put_tag(b, out, fd, WIRE_LEN))
		return -1;
	start = out->len;
	if (hint_for(desc->name, fd->name)->how != HINT_QUOPRI)
		return parse_base64_bytes(b->j, out) || put_length(b, out, start) ? -1 : 0;
	if (parse_string(b->j, &b->string))
		return -1;
	n = value_unquopri(b->string.p, b->string.len);
	if (n < 0)
		return parse_fail(b->j, "bad quoted-printable in \"%s\": '=' needs two hexadecimal digits", fd->name);
	return put_varint(b, out, (uint64_t)n) || put_bytes(b, out, b->string.p, (size_t)n) ? -1 : 0;
}

static int build_value(struct build *b, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd,
		       struct bytes *out, unsigned int depth)
{
	size_t start;

	switch (fd->type) {
	case PROTOBUF_C_TYPE_STRING:
		if (parse_string(b->j, &b->string) || put_tag(b, out, fd, WIRE_LEN) ||
		    put_varint(b, out, b->string.len))
			return -1;
		return put_bytes(b, out, b->string.p, b->string.len);
	case PROTOBUF_C_TYPE_BYTES:
		return build_bytes(b, desc, fd, out);
	case PROTOBUF_C_TYPE_MESSAGE:
		if (put_tag(b, out, fd, WIRE_LEN))
			return -1;
		start = out->len;
		return build_object(b, fd->descriptor, out, depth + 1) || put_length(b, out, start) ? -1 : 0;
	default:
		return build_number(b, desc, fd, out);
	}
}

/* An element of an address list: a number, or a whole address as text. */
static int build_address(struct build *b, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd,
			 struct bytes *out)
{
	uint32_t words[4];
	size_t n;
	int c = parse_peek(b->j);

	if (c != '"')
		return c < 0 ? -1 : build_number(b, desc, fd, out);
	if (parse_string(b->j, &b->string))
		return -1;
	n = value_address((const char *)b->string.p, words);
	if (!n || memchr(b->string.p, '\0', b->string.len))
		return parse_fail(b->j, "\"%.60s\" is no address", (const char *)b->string.p);
	for (size_t i = 0; i < n; i++) {
		if (put_tag(b, out, fd, WIRE_VARINT) || put_varint(b, out, words[i]))
			return -1;
	}
	return 0;
}

static int build_list(struct build *b, const ProtobufCMessageDescriptor *desc, const ProtobufCFieldDescriptor *fd,
		      struct bytes *out, unsigned int depth)
{
	bool first = true;
	bool addresses = hint_for(desc->name, fd->name)->how == HINT_IPADD;
	int rc;

	if (parse_expect(b->j, '['))
		return -1;
	while ((rc = parse_next(b->j, ']', &first)) > 0) {
		if (addresses ? build_address(b, desc, fd, out) : build_value(b, desc, fd, out, depth))
			return -1;
		if (out->len > IMG_RECORD_MAX)
			return parse_fail(b->j, "the record is over the limit of %u bytes", IMG_RECORD_MAX);
	}
	return rc;
}

/* "_unknown": must be fields indeed, and unknown. */
static int build_unknown(struct build *b, const ProtobufCMessageDescriptor *desc, struct bytes *out)
{
	size_t start = out->len;
	const uint8_t *p, *end;
	struct wire_field f;

	if (parse_base64_bytes(b->j, out))
		return -1;
	p = out->p + start;
	end = out->p + out->len;
	while (p < end) {
		if (wire_next(&p, end, &f) || protobuf_c_message_descriptor_get_field(desc, f.number))
			return parse_fail(b->j, "\"_unknown\" of %s does not hold unknown fields", desc->name);
	}
	return 0;
}

/* Remembers the field that was built from `start` on. */
static int push(struct build *b, const ProtobufCFieldDescriptor *fd, size_t base, size_t start, size_t end)
{
	for (size_t i = base; i < b->used; i++) {
		if (b->stack[i].fd == fd)
			return parse_fail(b->j, "duplicate key \"%s\"", fd ? fd->name : "_unknown");
	}
	if (b->used == b->size) {
		size_t size = b->size ? 2 * b->size : 64;
		struct segment *p = realloc(b->stack, size * sizeof(*p));

		if (!p)
			return err_nomem(b->j->e, "a record");
		b->stack = p;
		b->size = size;
	}
	b->stack[b->used++] = (struct segment){ fd, start, end };
	return 0;
}

/* Does segment x belong behind y? Unknown fields come last. */
static bool behind(const struct segment *x, const struct segment *y)
{
	return x->fd && y->fd ? x->fd > y->fd : !x->fd && y->fd;
}

/* Puts the fields from stack[base] on, which make up out from `start` on, into the order of their numbers. */
static int sort_fields(struct build *b, struct bytes *out, size_t start, size_t base)
{
	size_t i, j;

	for (i = base + 1; i < b->used && behind(&b->stack[i], &b->stack[i - 1]); i++)
		;
	if (i >= b->used)
		return 0;
	for (i = base + 1; i < b->used; i++) {
		struct segment s = b->stack[i];

		for (j = i; j > base && behind(&b->stack[j - 1], &s); j--)
			b->stack[j] = b->stack[j - 1];
		b->stack[j] = s;
	}
	b->sorted.len = 0;
	for (i = base; i < b->used; i++) {
		if (put_bytes(b, &b->sorted, out->p + b->stack[i].start, b->stack[i].end - b->stack[i].start))
			return -1;
	}
	if (b->sorted.len)
		memcpy(out->p + start, b->sorted.p, b->sorted.len);
	return 0;
}

static int check_required(struct build *b, const ProtobufCMessageDescriptor *desc, size_t base)
{
	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const ProtobufCFieldDescriptor *fd = &desc->fields[i];
		size_t at = base;

		if (fd->label != PROTOBUF_C_LABEL_REQUIRED)
			continue;
		while (at < b->used && b->stack[at].fd != fd)
			at++;
		if (at == b->used)
			return parse_fail(b->j, "a %s needs \"%s\"", desc->name, fd->name);
	}
	return 0;
}

/* A key that is no field. */
static int other_key(struct build *b, const ProtobufCMessageDescriptor *desc, struct bytes *out, unsigned int depth,
		     size_t base)
{
	const char *key = (const char *)b->key.p;
	size_t start = out->len;
	int rc = 0;

	if (!strcmp(key, "_unknown"))
		return build_unknown(b, desc, out) || push(b, NULL, base, start, out->len) ? -1 : 0;
	if (depth == 0 && !strcmp(key, "_raw")) {
		if (b->has_raw)
			return parse_fail(b->j, "duplicate key \"_raw\"");
		b->has_raw = true;
		return parse_base64_bytes(b->j, &b->raw);
	}
	if (depth == 0 && b->other_key)
		rc = b->other_key(b->arg, key);
	if (rc == 0)
		return parse_fail(b->j, "a %s has no \"%.60s\"", desc->name, key);
	return rc < 0 ? -1 : 0;
}

static int build_object(struct build *b, const ProtobufCMessageDescriptor *desc, struct bytes *out, unsigned int depth)
{
	const ProtobufCFieldDescriptor *guess = desc->fields, *end = desc->fields + desc->n_fields;
	size_t base = b->used, start = out->len;
	bool first = true;
	int rc;

	if (depth >= WIRE_DEPTH_MAX)
		return parse_fail(b->j, "objects nest too deep");
	if (parse_expect(b->j, '{'))
		return -1;
	while ((rc = parse_next(b->j, '}', &first)) > 0) {
		const ProtobufCFieldDescriptor *fd = guess;
		size_t at = out->len;

		if (parse_key(b->j, &b->key))
			return -1;
		if (fd >= end || strcmp(fd->name, (const char *)b->key.p))
			fd = protobuf_c_message_descriptor_get_field_by_name(desc, (const char *)b->key.p);
		if (!fd) {
			if (other_key(b, desc, out, depth, base))
				return -1;
			continue;
		}
		if (fd->label == PROTOBUF_C_LABEL_REPEATED ? build_list(b, desc, fd, out, depth) :
							     build_value(b, desc, fd, out, depth))
			return -1;
		if (push(b, fd, base, at, out->len))
			return -1;
		guess = fd + 1;
	}
	if (rc < 0 || check_required(b, desc, base) || sort_fields(b, out, start, base))
		return -1;
	b->used = base;
	return 0;
}

/* "_raw" counts when it means the same as the fields. */
static int use_raw(struct build *b, const ProtobufCMessageDescriptor *desc, struct bytes *out, size_t start)
{
	_cleanup_free_ uint8_t *normal = NULL;
	size_t len;

	if (wire_check(desc, b->raw.p, b->raw.len, 0, NULL, b->j->e) ||
	    wire_normalize(desc, b->raw.p, b->raw.len, &normal, &len, b->j->e)) {
		err_in(b->j->e, "\"_raw\"");
		return parse_complain(b->j);
	}
	if (len != out->len - start || memcmp(normal, out->p + start, len))
		return 0;
	out->len = start;
	return put_bytes(b, out, b->raw.p, b->raw.len);
}

int build_record(struct build *b, const ProtobufCMessageDescriptor *desc, struct bytes *out)
{
	size_t start = out->len;

	b->used = 0;
	b->has_raw = false;
	b->raw.len = 0;
	if (bytes_room(out, 1, b->j->e)) /* also an empty record shall have a place */
		return parse_complain(b->j);
	if (build_object(b, desc, out, 0))
		return -1;
	return b->has_raw ? use_raw(b, desc, out, start) : 0;
}
