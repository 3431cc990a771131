// SPDX-License-Identifier: GPL-2.0-only
/* crit set: values of fields, from text. Numbers, names, flags and addresses are written as crit decode --pretty shows them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/set.h"
#include "libimg/hints.h"
#include "libimg/value.h"

/* A value as it lies in a message. */
union value {
	uint32_t u32;
	uint64_t u64;
	protobuf_c_boolean flag;
	char *string;
	ProtobufCBinaryData bytes;
};

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static bool is_signed(ProtobufCType t)
{
	return t == PROTOBUF_C_TYPE_INT32 || t == PROTOBUF_C_TYPE_SINT32 || t == PROTOBUF_C_TYPE_SFIXED32 ||
	       t == PROTOBUF_C_TYPE_INT64 || t == PROTOBUF_C_TYPE_SINT64 || t == PROTOBUF_C_TYPE_SFIXED64;
}

/* The magnitude of a number with or without a sign, checked against the range of the type. */
static bool in_range(ProtobufCType t, bool negative, uint64_t v)
{
	unsigned int bits = value_size(t) == sizeof(uint32_t) ? 32 : 64;

	if (is_signed(t))
		return v <= (UINT64_MAX >> (65 - bits)) + negative;
	return !negative && v <= UINT64_MAX >> (64 - bits);
}

static bool number(const struct hint *h, const ProtobufCFieldDescriptor *f, const char *text, union value *ret)
{
	const ProtobufCEnumValue *name = NULL;
	bool negative = *text == '-';
	uint64_t v;

	if (f->type == PROTOBUF_C_TYPE_ENUM)
		name = protobuf_c_enum_descriptor_get_value_by_name(f->descriptor, text);
	if (name)
		v = (uint32_t)name->value;
	else if (!value_from_text(h, text + negative, &v) || !in_range(f->type, negative, v))
		return false;
	if (negative)
		v = -v;
	if (value_size(f->type) == sizeof(uint32_t))
		ret->u32 = (uint32_t)v;
	else
		ret->u64 = v;
	return true;
}

static bool truth(const char *text, union value *ret)
{
	ret->flag = !strcmp(text, "true") || !strcmp(text, "1");
	return ret->flag || !strcmp(text, "false") || !strcmp(text, "0");
}

/* --- bytes ------------------------------------------------------------------------------------------------------- */

static int digit64(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool base64(const char *text, ProtobufCBinaryData *ret)
{
	size_t len = strlen(text), digits = len;
	uint32_t bits = 0;

	while (digits && len - digits < 2 && text[digits - 1] == '=')
		digits--;
	if (len % 4 || digits % 4 == 1)
		return false;
	ret->len = 0;
	for (size_t i = 0; i < digits; i++) {
		int d = digit64(text[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		if (i % 4)
			ret->data[ret->len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	return true;
}

static bool bytes(const struct hint *h, const char *text, ProtobufCBinaryData *ret)
{
	ssize_t len;

	if (h->how != HINT_QUOPRI)
		return base64(text, ret);
	memcpy(ret->data, text, strlen(text));
	len = value_unquopri(ret->data, strlen(text));
	ret->len = len < 0 ? 0 : (size_t)len;
	return len >= 0;
}

/* --- setting ------------------------------------------------------------------------------------------------------ */

static int wrong(const ProtobufCFieldDescriptor *f, const char *text, struct err *e)
{
	static const char *const wanted[] = {
		[PROTOBUF_C_TYPE_BOOL] = "true or false",
		[PROTOBUF_C_TYPE_BYTES] = "base64",
		[PROTOBUF_C_TYPE_ENUM] = "a name or number that it has",
	};
	const char *want = f->type < ARRAY_SIZE(wanted) && wanted[f->type] ? wanted[f->type] : "a number in its range";

	return err_set(e, 0, "\"%s\" is no value for %s, which is %s", text, f->name, want);
}

/* A value of its own memory. */
static int read_value(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, const char *text, union value *ret,
		      struct err *e)
{
	const struct hint *h = hint_for(m->descriptor->name, f->name);
	bool fine;

	switch (f->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return err_set(e, 0, "%s is an object: name one of its fields", f->name);
	case PROTOBUF_C_TYPE_STRING:
		ret->string = strdup(text);
		return ret->string ? 0 : err_nomem(e, f->name);
	case PROTOBUF_C_TYPE_BYTES:
		ret->bytes.data = malloc(strlen(text) + 1);
		if (!ret->bytes.data)
			return err_nomem(e, f->name);
		if (bytes(h, text, &ret->bytes))
			return 0;
		free(ret->bytes.data);
		return wrong(f, text, e);
	case PROTOBUF_C_TYPE_BOOL:
		fine = truth(text, ret);
		break;
	default:
		fine = number(h, f, text, ret);
		break;
	}
	return fine ? 0 : wrong(f, text, e);
}

/* Frees what a value points to; what is the default of the field is not in memory of its own. */
static void drop(const ProtobufCFieldDescriptor *f, void *at)
{
	const ProtobufCBinaryData *b = at, *b_default = f->default_value;

	if (f->type == PROTOBUF_C_TYPE_STRING && *(char **)at != f->default_value)
		free(*(char **)at);
	else if (f->type == PROTOBUF_C_TYPE_BYTES && (!b_default || b->data != b_default->data))
		free(b->data);
	else if (f->type == PROTOBUF_C_TYPE_MESSAGE && *(ProtobufCMessage **)at)
		protobuf_c_message_free_unpacked(*(ProtobufCMessage **)at, NULL);
}

static void set_presence(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, bool there)
{
	if (f->label == PROTOBUF_C_LABEL_OPTIONAL && f->quantifier_offset)
		*(protobuf_c_boolean *)((char *)m + f->quantifier_offset) = there;
}

/* Makes room for one element more and returns where it is. */
static void *new_element(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, struct err *e)
{
	size_t *nr = value_count(m, f), size = value_size(f->type);
	char **list = value_at(m, f);
	char *bigger = reallocarray(*list, *nr + 1, size);

	if (!bigger) {
		err_nomem(e, f->name);
		return NULL;
	}
	*list = bigger;
	memset(bigger + size * *nr, 0, size);
	return bigger + size * (*nr)++;
}

int value_set(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t at, const char *text, struct err *e)
{
	void *place = value_at(m, f);
	union value v;

	if (f->label == PROTOBUF_C_LABEL_REPEATED && at != SIZE_MAX && at >= *value_count(m, f))
		return err_set(e, 0, "%s has %zu elements: there is no element %zu", f->name, *value_count(m, f), at);
	if (read_value(m, f, text, &v, e))
		return -1;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		place = at == SIZE_MAX ? new_element(m, f, e) : *(char **)place + value_size(f->type) * at;
		if (!place) {
			drop(f, &v);
			return -1;
		}
	}
	drop(f, place);
	memcpy(place, &v, value_size(f->type));
	set_presence(m, f, true);
	return 0;
}

/* The only lists that one value means are addresses. */
int value_set_list(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, const char *text, struct err *e)
{
	uint32_t words[4], *list;
	size_t nr = 0;

	if (hint_for(m->descriptor->name, f->name)->how == HINT_IPADD)
		nr = value_address(text, words);
	else
		return err_set(e, 0, "%s is a list: say which element, %s[0], or %s[+] for a new one", f->name, f->name,
			       f->name);
	if (!nr)
		return err_set(e, 0, "\"%s\" is no address", text);
	list = malloc(nr * sizeof(*list));
	if (!list)
		return err_nomem(e, f->name);
	memcpy(list, words, nr * sizeof(*list));
	free(*(uint32_t **)value_at(m, f));
	*(uint32_t **)value_at(m, f) = list;
	*value_count(m, f) = nr;
	return 0;
}

int value_delete_at(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t at, struct err *e)
{
	size_t *nr = value_count(m, f), size = value_size(f->type);
	char *list = *(char **)value_at(m, f);

	if (at >= *nr)
		return err_set(e, 0, "%s has %zu elements: there is no element %zu", f->name, *nr, at);
	drop(f, list + size * at);
	memmove(list + size * at, list + size * (at + 1), size * (*nr - at - 1));
	--*nr;
	return 0;
}

int value_delete(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, struct err *e)
{
	void *place = value_at(m, f);

	if (f->label == PROTOBUF_C_LABEL_REQUIRED)
		return err_set(e, 0, "%s cannot be deleted: a %s needs it", f->name, m->descriptor->name);
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		while (*value_count(m, f)) {
			if (value_delete_at(m, f, *value_count(m, f) - 1, e))
				return -1;
		}
		free(*(void **)place);
		*(void **)place = NULL;
		return 0;
	}
	drop(f, place);
	memset(place, 0, value_size(f->type));
	set_presence(m, f, false);
	return 0;
}

/* --- comparing ----------------------------------------------------------------------------------------------------- */

/* Goes down to the message that the last name of a dotted key is in. */
static const ProtobufCMessage *descend(const ProtobufCMessage *m, const char **key)
{
	for (;;) {
		const ProtobufCFieldDescriptor *f;
		const char *dot = strchr(*key, '.');
		char name[64];

		if (!dot)
			return m;
		if ((size_t)(dot - *key) >= sizeof(name))
			return NULL;
		memcpy(name, *key, (size_t)(dot - *key));
		name[dot - *key] = '\0';
		f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
		if (!f || f->type != PROTOBUF_C_TYPE_MESSAGE || f->label == PROTOBUF_C_LABEL_REPEATED)
			return NULL;
		m = *(const ProtobufCMessage *const *)value_at(m, f);
		if (!m)
			return NULL;
		*key = dot + 1;
	}
}

bool value_is(const ProtobufCMessage *m, const char *key, const char *text)
{
	const ProtobufCFieldDescriptor *f;
	union value v = { 0 };
	struct err e;
	bool same;

	m = descend(m, &key);
	f = m ? protobuf_c_message_descriptor_get_field_by_name(m->descriptor, key) : NULL;
	if (!f || f->label == PROTOBUF_C_LABEL_REPEATED || f->type == PROTOBUF_C_TYPE_MESSAGE)
		return false;
	if (f->label == PROTOBUF_C_LABEL_OPTIONAL && f->quantifier_offset &&
	    !*(const protobuf_c_boolean *)((const char *)m + f->quantifier_offset))
		return false;
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		const char *is = *(const char *const *)value_at(m, f);

		return is && !strcmp(is, text);
	}
	if (read_value(m, f, text, &v, &e))
		return false;
	if (f->type != PROTOBUF_C_TYPE_BYTES)
		return !memcmp(&v, value_at(m, f), value_size(f->type));
	same = v.bytes.len == ((const ProtobufCBinaryData *)value_at(m, f))->len &&
	       (!v.bytes.len ||
		!memcmp(v.bytes.data, ((const ProtobufCBinaryData *)value_at(m, f))->data, v.bytes.len));
	free(v.bytes.data);
	return same;
}
