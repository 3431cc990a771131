// SPDX-License-Identifier: GPL-2.0-only
/* crit diff: two messages, field by field. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crit/diff.h"
#include "libimg/hints.h"
#include "libimg/value.h"

#define BYTES_SHOWN 24

static bool is_ignored(const char *const *ignored, const char *name)
{
	for (; ignored && *ignored; ignored++) {
		if (!strcmp(*ignored, name))
			return true;
	}
	return false;
}

/* --- values as text ----------------------------------------------------------------------------------------------- */

static uint64_t number_of(const ProtobufCFieldDescriptor *f, const void *p)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return (uint64_t)(int64_t) * (const int32_t *)p;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_ENUM:
		return *(const uint32_t *)p;
	case PROTOBUF_C_TYPE_BOOL:
		return *(const protobuf_c_boolean *)p != 0;
	default:
		return *(const uint64_t *)p;
	}
}

static void flags_text(enum hint_names set, uint64_t v, char *buf, size_t size)
{
	const char *name;
	uint32_t bit;
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; (name = hint_name(set, i, &bit)) && used < size; i++) {
		if (!bit || (v & bit) != bit)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " | " : "", name);
		v &= ~(uint64_t)bit;
	}
	if ((v || !used) && used < size)
		snprintf(buf + used, size - used, "%s0x%" PRIx64, used ? " | " : "", v);
}

static void number_text(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, const void *p, char *buf,
			size_t size)
{
	const struct hint *h = hint_for(m->descriptor->name, f->name);
	uint64_t v = number_of(f, p);
	const ProtobufCEnumValue *value;
	const char *name;
	uint32_t is;

	if (f->type == PROTOBUF_C_TYPE_ENUM && (value = protobuf_c_enum_descriptor_get_value(f->descriptor, (int)v))) {
		snprintf(buf, size, "%s", value->name);
		return;
	}
	if (h->how == HINT_FLAGS) {
		flags_text(h->names, v, buf, size);
		return;
	}
	for (size_t i = 0; h->how == HINT_DICT && (name = hint_name(h->names, i, &is)); i++) {
		if (is == v) {
			snprintf(buf, size, "%s", name);
			return;
		}
	}
	if (f->type == PROTOBUF_C_TYPE_BOOL)
		snprintf(buf, size, v ? "true" : "false");
	else if (h->how == HINT_IPADD && !inet_ntop(AF_INET, p, buf, (socklen_t)size))
		buf[0] = '\0';
	else if (h->how == HINT_HEX)
		snprintf(buf, size, "0x%" PRIx64, v);
	else if (h->how != HINT_IPADD)
		snprintf(buf, size, (int64_t)v < 0 && f->type != PROTOBUF_C_TYPE_UINT64 ? "%" PRId64 : "%" PRIu64, v);
}

static void bytes_text(const ProtobufCBinaryData *b, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "%zu bytes", b->len);

	for (size_t i = 0; i < b->len && i < BYTES_SHOWN; i++)
		used += (size_t)snprintf(buf + used, size - used, " %02x", b->data[i]);
	if (b->len > BYTES_SHOWN)
		snprintf(buf + used, size - used, " ...");
}

/* A value; NULL where there is none. */
static const char *value_text(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, const void *p, char *buf,
			      size_t size)
{
	if (!p)
		return NULL;
	if (f->type == PROTOBUF_C_TYPE_STRING)
		return *(const char *const *)p;
	if (f->type == PROTOBUF_C_TYPE_BYTES)
		bytes_text(p, buf, size);
	else
		number_text(m, f, p, buf, size);
	return buf;
}

/* --- comparing ----------------------------------------------------------------------------------------------------- */

static bool same_value(const ProtobufCFieldDescriptor *f, const void *p, const void *q)
{
	const ProtobufCBinaryData *x = p, *y = q;
	const char *s, *t;

	if (!p || !q)
		return p == q;
	if (f->type == PROTOBUF_C_TYPE_BYTES)
		return x->len == y->len && (!x->len || !memcmp(x->data, y->data, x->len));
	if (f->type != PROTOBUF_C_TYPE_STRING)
		return number_of(f, p) == number_of(f, q);
	s = *(const char *const *)p;
	t = *(const char *const *)q;
	return s && t ? !strcmp(s, t) : s == t;
}

/* Where the value of a field that is no list is; NULL: it is not there. */
static const void *single(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	const void *p = (const char *)m + f->offset;

	if (f->label == PROTOBUF_C_LABEL_OPTIONAL && f->quantifier_offset &&
	    !*(const protobuf_c_boolean *)((const char *)m + f->quantifier_offset))
		return NULL;
	if (f->type == PROTOBUF_C_TYPE_STRING && !*(const char *const *)p)
		return NULL;
	return p;
}

struct comparison {
	struct diff *d;
	const struct subject *s;
	const char *const *ignored;
};

static void compare(const struct comparison *c, const char *path, const ProtobufCMessage *a, const ProtobufCMessage *b);

static void compare_values(const struct comparison *c, const char *path, const ProtobufCMessage *m,
			   const ProtobufCFieldDescriptor *f, const void *p, const void *q)
{
	char x[256], y[256];

	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		compare(c, path, p ? *(ProtobufCMessage *const *)p : NULL, q ? *(ProtobufCMessage *const *)q : NULL);
	else if (!same_value(f, p, q))
		diff_field(c->d, c->s, path, value_text(m, f, p, x, sizeof(x)), value_text(m, f, q, y, sizeof(y)));
}

/* Element by element; what only one has is told as well, messages by their number. */
static void compare_lists(const struct comparison *c, const char *path, const ProtobufCMessage *a,
			  const ProtobufCMessage *b, const ProtobufCFieldDescriptor *f)
{
	size_t n = *(const size_t *)((const char *)a + f->quantifier_offset), size = value_size(f->type);
	size_t m = *(const size_t *)((const char *)b + f->quantifier_offset);
	const char *p = *(const char *const *)((const char *)a + f->offset);
	const char *q = *(const char *const *)((const char *)b + f->offset);
	char at[160], x[32], y[32];

	if (n != m && f->type == PROTOBUF_C_TYPE_MESSAGE) {
		snprintf(x, sizeof(x), "%zu of them", n);
		snprintf(y, sizeof(y), "%zu of them", m);
		diff_field(c->d, c->s, path, x, y);
	}
	for (size_t i = 0; i < n || i < m; i++) {
		if ((i >= n || i >= m) && f->type == PROTOBUF_C_TYPE_MESSAGE)
			return;
		snprintf(at, sizeof(at), "%.120s[%zu]", path, i);
		compare_values(c, at, a, f, i < n ? p + i * size : NULL, i < m ? q + i * size : NULL);
	}
}

static void compare(const struct comparison *c, const char *path, const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	char at[160];

	if (!a || !b) {
		if (a != b)
			diff_field(c->d, c->s, path, a ? "there" : NULL, b ? "there" : NULL);
		return;
	}
	for (unsigned int i = 0; i < a->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &a->descriptor->fields[i];

		if (is_ignored(c->ignored, f->name))
			continue;
		snprintf(at, sizeof(at), "%s%s%s", path, *path ? "." : "", f->name);
		if (f->label == PROTOBUF_C_LABEL_REPEATED)
			compare_lists(c, at, a, b, f);
		else
			compare_values(c, at, a, f, single(a, f), single(b, f));
	}
}

void diff_messages(struct diff *d, const struct subject *s, const char *path, const ProtobufCMessage *a,
		   const ProtobufCMessage *b, const char *const *ignored)
{
	const struct comparison c = { .d = d, .s = s, .ignored = ignored };

	compare(&c, path, a, b);
}
