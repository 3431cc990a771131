// SPDX-License-Identifier: GPL-2.0-only
/* Messages as JSON objects, by their descriptors and display hints: what crit show prints of a record, as a part of a row. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/x.h"
#include "libimg/value.h"

static struct json_object *message_of(const ProtobufCMessage *msg, bool hex);

static struct json_object *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static struct json_object *text(const char *fmt, ...)
{
	char buf[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return json_object_new_string(buf);
}

static struct json_object *flags(enum hint_names set, uint64_t v)
{
	char buf[1024];
	size_t used = 0;
	const char *name;
	uint32_t bit;

	buf[0] = '\0';
	for (size_t i = 0; (name = hint_name(set, i, &bit)); i++) {
		if (!(v & bit))
			continue;
		used += (size_t)snprintf(buf + used, sizeof(buf) - used, "%s%s", used ? " | " : "", name);
		v &= ~(uint64_t)bit;
	}
	if (v)
		snprintf(buf + used, sizeof(buf) - used, "%s0x%" PRIx64, used ? " | " : "", v);
	return json_object_new_string(buf);
}

static struct json_object *named(enum hint_names set, uint64_t v)
{
	const char *name;
	uint32_t value;

	for (size_t i = 0; (name = hint_name(set, i, &value)); i++) {
		if (value == v)
			return json_object_new_string(name);
	}
	return json_object_new_uint64(v);
}

static struct json_object *number(const struct hint *h, uint64_t v, bool hex)
{
	if (hex && h->how == HINT_NONE)
		return text("0x%" PRIx64, v);
	switch (h->how) {
	case HINT_HEX:
		return text("0x%" PRIx64, v);
	case HINT_DEV:
		return text("%" PRIu64 ":%" PRIu64, v >> 20, v & 0xfffff);
	case HINT_ODEV:
		return text("%" PRIu64 ":%" PRIu64, v >> 8 & 0xfff, (v & 0xff) | (v >> 12 & 0xfff00));
	case HINT_FLAGS:
		return flags(h->names, v);
	case HINT_DICT:
		return named(h->names, v);
	default:
		return json_object_new_uint64(v);
	}
}

static struct json_object *bytes(const ProtobufCBinaryData *b, const struct hint *h)
{
	_cleanup_free_ char *buf = NULL;

	if (h->how == HINT_QUOPRI) {
		buf = unix_name(b);
	} else {
		buf = calloc(2, b->len + 1);
		for (size_t i = 0; buf && i < b->len; i++)
			sprintf(buf + 2 * i, "%02x", b->data[i]);
	}
	return buf ? json_object_new_string(buf) : NULL;
}

static struct json_object *enumerator(const ProtobufCEnumDescriptor *desc, int v)
{
	const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(desc, v);

	return name ? json_object_new_string(name->name) : json_object_new_int(v);
}

static struct json_object *one(const ProtobufCFieldDescriptor *fd, const struct hint *h, const void *p, bool hex)
{
	switch (fd->type) {
	case PROTOBUF_C_TYPE_BOOL:
		return json_object_new_boolean(*(const protobuf_c_boolean *)p);
	case PROTOBUF_C_TYPE_ENUM:
		return enumerator(fd->descriptor, *(const int *)p);
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return json_object_new_int(*(const int32_t *)p);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return json_object_new_int64(*(const int64_t *)p);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return number(h, *(const uint32_t *)p, hex);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return number(h, *(const uint64_t *)p, hex);
	case PROTOBUF_C_TYPE_BYTES:
		return bytes(p, h);
	case PROTOBUF_C_TYPE_MESSAGE:
		return message_of(*(const ProtobufCMessage *const *)p, hex || h->how == HINT_HEX);
	default:
		return NULL;
	}
}

/* A list of 32-bit words that is an address: NULL when it is none. */
static struct json_object *address(const uint32_t *words, size_t n)
{
	char buf[INET6_ADDRSTRLEN];

	return (n == 1 || n == 4) && inet_ntop(n == 1 ? AF_INET : AF_INET6, words, buf, sizeof(buf)) ?
		       json_object_new_string(buf) :
		       NULL;
}

static void list(struct json_object *row, const ProtobufCFieldDescriptor *fd, const struct hint *h,
		 const ProtobufCMessage *msg, bool hex)
{
	size_t n = *(const size_t *)((const char *)msg + fd->quantifier_offset);
	const char *p = *(const char *const *)((const char *)msg + fd->offset);
	struct json_object *words = h->how == HINT_IPADD ? address((const uint32_t *)p, n) : NULL;
	struct json_object *array;

	if (!n)
		return;
	if (words) {
		row_add(row, fd->name, words);
		return;
	}
	array = row_list(row, fd->name);
	for (size_t i = 0; i < n; i++) {
		const char *at = p + i * value_size(fd->type);

		if (fd->type == PROTOBUF_C_TYPE_STRING)
			list_text(array, *(const char *const *)at);
		else
			list_add(array, one(fd, h, at, hex));
	}
}

static bool is_there(const ProtobufCFieldDescriptor *fd, const ProtobufCMessage *msg)
{
	const char *base = (const char *)msg;

	if (fd->type == PROTOBUF_C_TYPE_STRING || fd->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(const void *const *)(base + fd->offset) != NULL;
	return fd->label == PROTOBUF_C_LABEL_REQUIRED || *(const protobuf_c_boolean *)(base + fd->quantifier_offset);
}

static struct json_object *message_of(const ProtobufCMessage *msg, bool hex)
{
	const ProtobufCMessageDescriptor *desc = msg->descriptor;
	struct json_object *row = json_object_new_object();

	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const ProtobufCFieldDescriptor *fd = &desc->fields[i];
		const struct hint *h = hint_for(desc->name, fd->name);
		const char *p = (const char *)msg + fd->offset;

		if (fd->label == PROTOBUF_C_LABEL_REPEATED)
			list(row, fd, h, msg, hex);
		else if (!is_there(fd, msg))
			continue;
		else if (fd->type == PROTOBUF_C_TYPE_STRING)
			row_text(row, fd->name, *(const char *const *)p);
		else
			row_add(row, fd->name, one(fd, h, p, hex));
	}
	return row;
}

struct json_object *message_json(const ProtobufCMessage *msg)
{
	return message_of(msg, false);
}

void row_message(struct json_object *row, const char *key, const void *msg)
{
	if (msg)
		row_add(row, key, message_of(msg, false));
}

void row_flags(struct json_object *row, const char *key, enum hint_names set, uint64_t v)
{
	row_add(row, key, flags(set, v));
}

void row_named(struct json_object *row, const char *key, enum hint_names set, uint64_t v)
{
	row_add(row, key, named(set, v));
}
