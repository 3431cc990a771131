// SPDX-License-Identifier: GPL-2.0-only
/* The messages, enums, images and display hints of libimg against the tables of the format in test/data. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "img-streamer.pb-c.h"
#include "libimg/hints.h"
#include "libimg/image.h"
#include "libimg/messages.h"
#include "opts.pb-c.h"
#include "rpc.pb-c.h"

#define OURS 5000 /* fields from this number on are ours; the tables do not have them */

static const ProtobufCMessageDescriptor *messages[512];
static const ProtobufCEnumDescriptor *enums[128];
static size_t nr_messages, nr_enums, rows_of_enum[128], nr_hints;
static int failures;

static void __attribute__((format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	failures++;
}

static void note_enum(const ProtobufCEnumDescriptor *d)
{
	for (size_t i = 0; i < nr_enums; i++) {
		if (enums[i] == d)
			return;
	}
	enums[nr_enums++] = d;
}

static void note_message(const ProtobufCMessageDescriptor *d)
{
	for (size_t i = 0; i < nr_messages; i++) {
		if (messages[i] == d)
			return;
	}
	messages[nr_messages++] = d;
	for (unsigned int i = 0; i < d->n_fields; i++) {
		if (d->fields[i].id >= OURS)
			continue;
		if (d->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			note_message(d->fields[i].descriptor);
		if (d->fields[i].type == PROTOBUF_C_TYPE_ENUM)
			note_enum(d->fields[i].descriptor);
	}
}

static void note_all(void)
{
	for (unsigned int i = 0; i < IMG_COUNT; i++) {
		if (img_type(i)->desc)
			note_message(img_type(i)->desc);
		if (img_type(i)->desc)
			note_message(img_record_desc(img_type(i), 2));
	}
	note_message(&ipc_msg__descriptor);
	note_message(&criu_req__descriptor);
	note_message(&criu_resp__descriptor);
	note_message(&img_streamer_request_entry__descriptor);
	note_message(&img_streamer_reply_entry__descriptor);
	note_message(&criu__opts__descriptor);
	note_enum(&fstype__descriptor);
	note_enum(&fh_entry_sizes__descriptor);
}

static size_t split(char *line, char **col, size_t max)
{
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (line && n < max)
		col[n++] = strsep(&line, "\t");
	return n;
}

static FILE *open_table(const char *name)
{
	const char *top = getenv("CR_TOP");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/test/data/%s", top ? top : ".", name);
	f = fopen(path, "re");
	if (!f) {
		perror(path);
		exit(99);
	}
	return f;
}

static const ProtobufCMessageDescriptor *message(const char *name)
{
	for (size_t i = 0; i < nr_messages; i++) {
		if (!strcmp(messages[i]->name, name))
			return messages[i];
	}
	return NULL;
}

static const char *type_name(const ProtobufCFieldDescriptor *f)
{
	static const char *const names[] = {
		[PROTOBUF_C_TYPE_INT32] = "int32",     [PROTOBUF_C_TYPE_SINT32] = "sint32",
		[PROTOBUF_C_TYPE_INT64] = "int64",     [PROTOBUF_C_TYPE_SINT64] = "sint64",
		[PROTOBUF_C_TYPE_UINT32] = "uint32",   [PROTOBUF_C_TYPE_UINT64] = "uint64",
		[PROTOBUF_C_TYPE_FIXED64] = "fixed64", [PROTOBUF_C_TYPE_BOOL] = "bool",
		[PROTOBUF_C_TYPE_STRING] = "string",   [PROTOBUF_C_TYPE_BYTES] = "bytes",
	};

	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return ((const ProtobufCMessageDescriptor *)f->descriptor)->name;
	if (f->type == PROTOBUF_C_TYPE_ENUM)
		return ((const ProtobufCEnumDescriptor *)f->descriptor)->name;
	return f->type < ARRAY_SIZE(names) && names[f->type] ? names[f->type] : "?";
}

static void default_text(const ProtobufCFieldDescriptor *f, char *buf, size_t size)
{
	const ProtobufCEnumValue *v;

	snprintf(buf, size, "-");
	if (!f->default_value)
		return;
	switch (f->type) {
	case PROTOBUF_C_TYPE_BOOL:
		snprintf(buf, size, "%s", *(const protobuf_c_boolean *)f->default_value ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		v = protobuf_c_enum_descriptor_get_value(f->descriptor, *(const int *)f->default_value);
		snprintf(buf, size, "%s", v ? v->name : "?");
		break;
	case PROTOBUF_C_TYPE_UINT32:
		snprintf(buf, size, "%" PRIu32, *(const uint32_t *)f->default_value);
		break;
	default:
		snprintf(buf, size, "%" PRId32, *(const int32_t *)f->default_value);
	}
}

/* The hint as the table writes it; the names of flags and dictionaries are compared by their set. */
static void hint_text(const char *msg, const char *field, char *buf, size_t size)
{
	static const char *const sets[] = {
		[NAMES_MMAP_PROT] = "flags=mmap.prot",
		[NAMES_MMAP_FLAGS] = "flags=mmap.flags",
		[NAMES_MMAP_STATUS] = "flags=mmap.status",
		[NAMES_RFILE_FLAGS] = "flags=rfile.flags",
		[NAMES_PMAP_FLAGS] = "flags=pmap.flags",
		[NAMES_SEALS_FLAGS] = "flags=seals.flags",
		[NAMES_TASK_STATE] = "dict=gen",
		[NAMES_SK_FAMILY] = "dict=sk",
		[NAMES_SK_TYPE] = "dict=sk",
		[NAMES_SK_STATE] = "dict=sk",
		[NAMES_SK_PROTO] = "dict=sk",
	};
	static const char *const hows[] = {
		[HINT_NONE] = "-",	  [HINT_HEX] = "hex",	  [HINT_DEV] = "dev",
		[HINT_ODEV] = "dev,odev", [HINT_IPADD] = "ipadd", [HINT_QUOPRI] = "conv=unix_name",
	};
	const struct hint *h = hint_for(msg, field);

	snprintf(buf, size, "%s", h->names ? sets[h->names] : hows[h->how]);
}

/* kind file message number label type name default display */
static void check_field(char **col)
{
	static const char *const labels[] = { "required", "optional", "repeated" };
	const ProtobufCMessageDescriptor *m = message(col[2]);
	const ProtobufCFieldDescriptor *f = m ? protobuf_c_message_descriptor_get_field_by_name(m, col[6]) : NULL;
	char text[64];

	if (!f) {
		fail("%s.%s: missing", col[2], col[6]);
		return;
	}
	if (f->id != (uint32_t)atoi(col[3]))
		fail("%s.%s: number %u, not %s", col[2], col[6], f->id, col[3]);
	if (strcmp(labels[f->label], col[4]))
		fail("%s.%s: %s, not %s", col[2], col[6], labels[f->label], col[4]);
	if (strcmp(type_name(f), col[5]))
		fail("%s.%s: type %s, not %s", col[2], col[6], type_name(f), col[5]);
	if (f->flags & PROTOBUF_C_FIELD_FLAG_PACKED)
		fail("%s.%s: packed", col[2], col[6]);
	default_text(f, text, sizeof(text));
	if (strcmp(text, col[7]))
		fail("%s.%s: default %s, not %s", col[2], col[6], text, col[7]);
	hint_text(col[2], col[6], text, sizeof(text));
	if (strcmp(text, col[8]))
		fail("%s.%s: hint %s, not %s", col[2], col[6], text, col[8]);
	nr_hints += col[8][0] != '-';
}

static void check_enum(char **col)
{
	const ProtobufCEnumValue *v;
	size_t i = 0;

	while (i < nr_enums && strcmp(enums[i]->name, col[2]))
		i++;
	v = i < nr_enums ? protobuf_c_enum_descriptor_get_value_by_name(enums[i], col[6]) : NULL;
	if (!v) {
		fail("%s.%s: missing", col[2], col[6]);
		return;
	}
	rows_of_enum[i]++;
	if (v->value != atoi(col[3]))
		fail("%s.%s: %d, not %s", col[2], col[6], v->value, col[3]);
}

/* Fields that the table does not have must be numbered as ours. */
static void check_no_more(const ProtobufCMessageDescriptor *m, size_t rows)
{
	size_t n = 0;

	for (unsigned int i = 0; i < m->n_fields; i++)
		n += m->fields[i].id < OURS;
	if (n != rows)
		fail("%s: %zu fields below %d, not %zu", m->name, n, OURS, rows);
	for (unsigned int i = 0; i < m->n_fields; i++) {
		if (m->fields[i].id >= OURS && m->fields[i].label == PROTOBUF_C_LABEL_REQUIRED)
			fail("%s.%s: ours, so it must not be required", m->name, m->fields[i].name);
	}
}

static void check_messages(void)
{
	FILE *f = open_table("image-messages.tsv");
	size_t rows[ARRAY_SIZE(messages)] = { 0 };
	char line[1024], *col[9];

	for (size_t i = 0; fgets(line, sizeof(line), f); i++) {
		if (split(line, col, ARRAY_SIZE(col)) != ARRAY_SIZE(col))
			exit(99);
		if (!strcmp(col[0], "field"))
			check_field(col);
		else if (!strcmp(col[0], "enum"))
			check_enum(col);
		for (size_t m = 0; m < nr_messages; m++)
			rows[m] += !strcmp(col[0], "field") && !strcmp(col[2], messages[m]->name);
	}
	fclose(f);
	for (size_t m = 0; m < nr_messages; m++)
		check_no_more(messages[m], rows[m]);
	for (size_t i = 0; i < nr_enums; i++) {
		if (enums[i]->n_value_names != rows_of_enum[i])
			fail("%s: %u values, not %zu", enums[i]->name, enums[i]->n_value_names, rows_of_enum[i]);
	}
}

static void check_hints(void)
{
	static const char *const all[][2] = {
#define HINT(message, field, how, names) { #message, #field },
#include "libimg/hints.def"
#undef HINT
	};

	if (ARRAY_SIZE(all) != nr_hints)
		fail("hints.def has %zu hints, the table %zu", ARRAY_SIZE(all), nr_hints);
	for (size_t i = 1; i < ARRAY_SIZE(all); i++) {
		int order = strcmp(all[i - 1][0], all[i][0]);

		if (order > 0 || (!order && strcmp(all[i - 1][1], all[i][1]) >= 0))
			fail("hints.def is not sorted at %s.%s", all[i][0], all[i][1]);
	}
}

/* image template magic_name magic_value message extra; stats-%s stands for two images. */
static void check_image(char **col)
{
	static const char *const extras[] = {
		"-",
		"-",
		"pagemap",
		"pipes_data_extra",
		"sk_queues_extra",
		"tcp_stream_extra",
		"bpfmap_data_extra",
		"ipc_sem_set",
		"ipc_msg_queue",
		"ipc_shm",
		"ghost_file",
	};
	unsigned int found = 0;

	for (unsigned int i = 0; i < IMG_COUNT; i++) {
		const struct img_type *t = img_type(i);
		bool stats = !strcmp(col[1], "stats-%s") && !strncmp(t->pattern, "stats-", 6);

		if (strcmp(t->pattern, col[1]) && !stats)
			continue;
		found++;
		if (t->magic != strtoul(col[3], NULL, 0))
			fail("%s: magic 0x%x, not %s", col[1], t->magic, col[3]);
		if (strcmp(t->name, t->magic ? col[2] : col[0]))
			fail("%s: magic name %s, not %s", col[1], t->name, col[2]);
		if (strncmp(t->desc ? t->desc->name : "raw", col[4], strcspn(col[4], ",")))
			fail("%s: message %s, not %s", col[1], t->desc ? t->desc->name : "raw", col[4]);
		if (strcmp(extras[t->extra], col[5]))
			fail("%s: payload %s, not %s", col[1], extras[t->extra], col[5]);
	}
	if (!found)
		fail("%s: missing", col[1]);
}

static void check_images(void)
{
	FILE *f = open_table("image-files.tsv");
	char line[1024], *col[6];
	bool head = true;

	while (fgets(line, sizeof(line), f)) {
		if (split(line, col, ARRAY_SIZE(col)) != ARRAY_SIZE(col))
			exit(99);
		if (!head && col[0][0] != '(')
			check_image(col);
		head = false;
	}
	fclose(f);
}

int main(void)
{
	note_all();
	check_messages();
	check_hints();
	check_images();
	printf("%zu messages, %zu enums, %zu hints, %d images: %d differences\n", nr_messages, nr_enums, nr_hints,
	       IMG_COUNT, failures);
	return failures ? 1 : 0;
}
