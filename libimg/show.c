// SPDX-License-Identifier: LGPL-2.1-only
/* Messages as JSON objects, by their descriptors; nothing here knows a message by name. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "libimg/hints.h"
#include "libimg/show.h"
#include "libimg/value.h"
#include "libimg/wire.h"

struct show {
	struct text *t;
	bool pretty;
};

static void show_message(const struct show *s, const ProtobufCMessageDescriptor *desc, const uint8_t *wire, size_t len,
			 bool hex);

static void show_flags(struct text *t, enum hint_names set, uint64_t value)
{
	const char *sep = "";
	const char *name;
	uint32_t bit;

	text_char(t, '"');
	for (size_t i = 0; (name = hint_name(set, i, &bit)); i++) {
		if (!(value & bit))
			continue;
		text_lit(t, sep);
		text_lit(t, name);
		sep = " | ";
		value &= ~(uint64_t)bit;
	}
	if (value) {
		text_lit(t, sep);
		text_hex(t, value);
	}
	text_char(t, '"');
}

static void show_dict(struct text *t, enum hint_names set, uint64_t value)
{
	const char *name;
	uint32_t v;

	for (size_t i = 0; (name = hint_name(set, i, &v)); i++) {
		if (v == value) {
			text_quoted(t, name);
			return;
		}
	}
	text_uint(t, value);
}

static void show_dev(struct text *t, uint64_t major, uint64_t minor)
{
	text_char(t, '"');
	text_uint(t, major);
	text_char(t, ':');
	text_uint(t, minor);
	text_char(t, '"');
}

/* Returns false when the hint has nothing to say about a number. */
static bool show_hinted(struct text *t, const struct hint *h, uint64_t v)
{
	switch (h->how) {
	case HINT_HEX:
		text_char(t, '"');
		text_hex(t, v);
		text_char(t, '"');
		return true;
	case HINT_DEV:
		show_dev(t, v >> 20, v & 0xfffff);
		return true;
	case HINT_ODEV:
		show_dev(t, v >> 8 & 0xfff, (v & 0xff) | (v >> 12 & 0xfff00));
		return true;
	case HINT_FLAGS:
		show_flags(t, h->names, v);
		return true;
	case HINT_DICT:
		show_dict(t, h->names, v);
		return true;
	default:
		return false;
	}
}

static void show_number(const struct show *s, const ProtobufCFieldDescriptor *fd, const struct hint *h, uint64_t v,
			bool hex)
{
	static const struct hint as_hex = { .how = HINT_HEX };
	const ProtobufCEnumValue *name;

	if (hex && h->how == HINT_NONE)
		h = &as_hex;
	switch (fd->type) {
	case PROTOBUF_C_TYPE_BOOL:
		text_lit(s->t, v ? "true" : "false");
		return;
	case PROTOBUF_C_TYPE_ENUM:
		name = protobuf_c_enum_descriptor_get_value(fd->descriptor, (int)v);
		if (name)
			text_quoted(s->t, name->name);
		else
			text_int(s->t, wire_signed(fd->type, v));
		return;
	case PROTOBUF_C_TYPE_UINT32:
		v = (uint32_t)v;
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SINT64:
		text_int(s->t, wire_signed(fd->type, v));
		return;
	default:
		break;
	}
	if (!show_hinted(s->t, h, v))
		text_uint(s->t, v);
}

static void show_value(const struct show *s, const ProtobufCFieldDescriptor *fd, const struct hint *h,
		       const struct wire_field *f, bool hex)
{
	switch (fd->type) {
	case PROTOBUF_C_TYPE_STRING:
		text_string(s->t, f->data, f->len);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		if (h->how == HINT_QUOPRI)
			text_quopri(s->t, f->data, f->len);
		else
			text_base64(s->t, f->data, f->len);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		show_message(s, fd->descriptor, f->data, f->len, hex || h->how == HINT_HEX);
		break;
	default:
		show_number(s, fd, h, f->value, hex);
	}
}

/* The words of an address as one text. Returns false when they are none. */
static bool show_address(struct text *t, const uint32_t *words, size_t n)
{
	char text[INET6_ADDRSTRLEN];

	if (n == 4)
		value_ipv6_text(words, text);
	else if (n != 1 || !inet_ntop(AF_INET, words, text, sizeof(text)))
		return false;
	text_item(t);
	text_quoted(t, text);
	return true;
}

/* Moves *p behind the run of fields that begins with f. The first values go to words. Returns the run's length. */
static size_t collect_words(const ProtobufCFieldDescriptor *fd, struct wire_field f, const uint8_t **p,
			    const uint8_t *end, uint32_t words[4])
{
	const uint8_t *run;
	size_t n = 0;

	do {
		words[n++ & 3] = (uint32_t)f.value;
		run = *p;
	} while (*p < end && !wire_next(p, end, &f) && f.number == fd->id);
	*p = run;
	return n;
}

/* Takes the run of fields that begins with f, p being behind f. Returns where it ends. */
static const uint8_t *show_list(const struct show *s, const ProtobufCFieldDescriptor *fd, const struct hint *h,
				struct wire_field f, const uint8_t *p, const uint8_t *end, bool hex)
{
	const uint8_t *run = p;
	uint32_t words[4];
	bool done = false;

	text_open(s->t, '[');
	if (h->how == HINT_IPADD)
		done = show_address(s->t, words, collect_words(fd, f, &run, end, words));
	if (!done) {
		do {
			text_item(s->t);
			show_value(s, fd, h, &f, hex);
			run = p;
		} while (p < end && !wire_next(&p, end, &f) && f.number == fd->id);
	}
	text_close(s->t, ']');
	return run;
}

static void show_body(const struct show *s, const ProtobufCMessageDescriptor *desc, const uint8_t *wire, size_t len,
		      bool hex)
{
	static const struct hint none;
	const uint8_t *p = wire, *end = wire + len;
	const ProtobufCFieldDescriptor *guess = desc->fields;
	struct wire_field f;

	while (p < end) {
		const uint8_t *at = p;
		const ProtobufCFieldDescriptor *fd = guess;
		const struct hint *h = &none;

		if (wire_next(&p, end, &f))
			return; /* wire_check has seen to it that this does not happen */
		if (fd >= desc->fields + desc->n_fields || fd->id != f.number)
			fd = protobuf_c_message_descriptor_get_field(desc, f.number);
		if (!fd) {
			text_key(s->t, "_unknown");
			text_base64(s->t, at, (size_t)(end - at));
			return;
		}
		if (s->pretty || fd->type == PROTOBUF_C_TYPE_BYTES)
			h = hint_for(desc->name, fd->name);
		text_key(s->t, fd->name);
		if (fd->label == PROTOBUF_C_LABEL_REPEATED)
			p = show_list(s, fd, h, f, p, end, hex);
		else
			show_value(s, fd, h, &f, hex);
		guess = fd + 1;
	}
}

static void show_message(const struct show *s, const ProtobufCMessageDescriptor *desc, const uint8_t *wire, size_t len,
			 bool hex)
{
	text_open(s->t, '{');
	show_body(s, desc, wire, len, hex);
	text_close(s->t, '}');
}

void show_fields(struct text *t, const ProtobufCMessageDescriptor *desc, const uint8_t *wire, size_t len, bool pretty)
{
	struct show s = { .t = t, .pretty = pretty };

	show_body(&s, desc, wire, len, false);
}

int show_record(struct text *t, const struct img_reader *r, const ProtobufCMessageDescriptor *desc, const uint8_t *wire,
		size_t len, bool pretty, struct err *e)
{
	uint64_t offset = img_reader_place(r).offset + sizeof(uint32_t);
	_cleanup_free_ uint8_t *normal = NULL;
	size_t normal_len;
	bool canonical;

	if (wire_check(desc, wire, len, offset, &canonical, e))
		return img_complain(r, e);
	if (canonical) {
		show_fields(t, desc, wire, len, pretty);
		return 0;
	}
	if (wire_normalize(desc, wire, len, &normal, &normal_len, e))
		return img_complain(r, e);
	show_fields(t, desc, normal, normal_len, pretty);
	if (normal_len != len || memcmp(normal, wire, len)) {
		text_key(t, "_raw");
		text_base64(t, wire, len);
	}
	return 0;
}
