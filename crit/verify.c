// SPDX-License-Identifier: GPL-2.0-only
/* crit verify: is all that a checkpoint needs in it, and does everything in it fit together? */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crit/checkpoint.h"
#include "crit/crit.h"
#include "crit/rows.h"
#include "crit/verify.h"

static void tell(struct verify *v, const struct finding *f)
{
	if (v->failed)
		return;
	v->nr_found++;
	v->failed = v->sink(v->arg, f, v->e);
}

void found(struct verify *v, const struct image *i, size_t record, const char *field, const char *fmt, ...)
{
	struct finding f = { .image = i->name, .record = record, .field = field };
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f.text = text;
	tell(v, &f);
}

bool have_image(const struct verify *v, enum img_id id, uint64_t key)
{
	return images_find(&v->im, id, key) != NULL;
}

void want_image(struct verify *v, const struct image *i, size_t record, const char *field, enum img_id id, uint64_t key)
{
	char name[64];

	if (!have_image(v, id, key))
		found(v, i, record, field, "%s is missing", img_name(id, key, name, sizeof(name)));
}

void define(struct verify *v, uint32_t space, uint64_t key, uint32_t value, const struct image *i, size_t record,
	    const char *field)
{
	if (!map_put(&v->map, space, key, value))
		found(v, i, record, field, "there are two with the id %llu", (unsigned long long)(uint32_t)key);
}

/* --- values of enumerations ---------------------------------------------------------------------------------------- */

/* The way to a message within a record. */
struct way {
	const struct way *up;
	const char *field;
};

static size_t put_way(const struct way *w, char *buf, size_t size)
{
	size_t used = w ? put_way(w->up, buf, size) : 0;

	if (!w)
		return 0;
	if (used < size)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? "." : "", w->field);
	return used;
}

static void check_enum(struct verify *v, const struct image *i, size_t record, const ProtobufCFieldDescriptor *f,
		       const struct way *w, int value)
{
	char field[128];

	if (protobuf_c_enum_descriptor_get_value(f->descriptor, value))
		return;
	put_way(w, field, sizeof(field));
	found(v, i, record, field, "%d is no %s", value, ((const ProtobufCEnumDescriptor *)f->descriptor)->name);
}

static void check_message(struct verify *v, const struct image *i, size_t record, const ProtobufCMessage *m,
			  const struct way *up)
{
	for (unsigned int k = 0; k < m->descriptor->n_fields; k++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[k];
		const char *p = (const char *)m + f->offset;
		bool repeated = f->label == PROTOBUF_C_LABEL_REPEATED;
		size_t n = repeated ? *(const size_t *)((const char *)m + f->quantifier_offset) : 1;
		struct way w = { .up = up, .field = f->name };

		if (f->type != PROTOBUF_C_TYPE_MESSAGE && f->type != PROTOBUF_C_TYPE_ENUM)
			continue;
		if (repeated)
			p = *(const char *const *)p;
		for (size_t e = 0; e < n; e++) {
			if (f->type == PROTOBUF_C_TYPE_ENUM)
				check_enum(v, i, record, f, &w, ((const int *)p)[e]);
			else if (((const ProtobufCMessage *const *)p)[e])
				check_message(v, i, record, ((const ProtobufCMessage *const *)p)[e], &w);
		}
	}
}

/* Every value of an enumeration is one that it has. */
void check_values(struct verify *v)
{
	for (size_t k = 0; k < v->im.nr; k++) {
		const struct image *i = &v->im.list[k];

		for (size_t n = 0; n < i->nr; n++)
			check_message(v, i, n + 1, i->msgs[n], NULL);
	}
}

/* --- all checks ------------------------------------------------------------------------------------------------------ */

static void unreadable(void *arg, const struct image *i, size_t record, const struct err *why)
{
	struct verify *v = arg;

	found(v, i, record, "", "%s%s%s", why->what, why->errnum ? ": " : "", why->errnum ? strerror(why->errnum) : "");
}

static void (*const checks[])(struct verify *v) = {
#define CHECK(name) check_##name,
#include "crit/verify.def"
#undef CHECK
};

int verify_begin(struct verify *v, struct source *s, finding_sink *sink, void *arg, struct err *e)
{
	*v = (struct verify){ .sink = sink, .arg = arg, .e = e };
	v->failed = images_load(&v->im, s, unreadable, v, e) != 0 || v->failed;
	if (!v->failed)
		verify_index(v);
	return v->failed ? -1 : 0;
}

void verify_end(struct verify *v)
{
	map_free(&v->map);
	images_free(&v->im);
	free(v->tasks);
	free(v->files);
}

int verify_source(struct source *s, finding_sink *sink, void *arg, size_t *nr_ret, struct err *e)
{
	struct verify v;

	verify_begin(&v, s, sink, arg, e);
	for (size_t i = 0; i < ARRAY_SIZE(checks) && !v.failed; i++)
		checks[i](&v);
	if (!v.failed && v.map.no_memory)
		v.failed = err_nomem(e, "the index of a checkpoint") != 0;
	verify_end(&v);
	*nr_ret = v.nr_found;
	return v.failed ? -1 : 0;
}

/* --- the verb -------------------------------------------------------------------------------------------------------- */

static int put_row(void *arg, const struct finding *f, struct err *e)
{
	struct json_object *row = json_object_new_object();

	row_text(row, "image", f->image);
	if (f->record)
		row_uint(row, "record", f->record);
	if (*f->field)
		row_text(row, "field", f->field);
	row_text(row, "text", f->text);
	return rows_put(arg, row, e);
}

static void show_row(struct json_object *row, struct json_object *before)
{
	printf("%s: ", row_get_text(row, "image"));
	if (row_has(row, "record"))
		printf("record %llu: ", (unsigned long long)row_get_uint(row, "record"));
	if (row_has(row, "field"))
		printf("%s: ", row_get_text(row, "field"));
	put_text(row_get_text(row, "text"));
	putchar('\n');
}

static int verify(const char *path, bool json, struct err *e)
{
	_cleanup_source_ struct source *s = NULL;
	struct rows rows;
	size_t nr;
	int ret;

	if (source_open(&s, path, e))
		return CRIT_FAILED;
	rows_begin(&rows, json, show_row);
	ret = verify_source(s, put_row, &rows, &nr, e);
	rows_end(&rows);
	if (ret)
		return CRIT_FAILED;
	if (nr)
		err_set(e, 0, "%s: %zu %s wrong", path, nr, nr == 1 ? "thing is" : "things are");
	return nr ? CRIT_FAILED : CRIT_OK;
}

static int verify_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	bool json = false;
	int status;

	if (crit_flag(self, argc, argv, &json, &status, e))
		return status;
	if (optind + 1 != argc)
		return crit_usage(e, "verify: give one directory or archive");
	return verify(argv[optind], json, e);
}

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ 0 },
};

const struct crit_verb verb_verify = {
	.name = "verify",
	.summary = "is all there, and does it fit together?",
	.usage = "verify [--json] DIR\n"
		 "Checks a whole checkpoint: every image can be read, every reference leads somewhere, ids are\n"
		 "unique, the pages that page maps promise are there, in this directory or in its parents.\n"
		 "DIR is a directory or an archive. Prints all that is wrong, a line each: the image, the record\n"
		 "(from 1), the field, and what is wrong. Exit status: 0 nothing, 1 something is wrong.\n\n"
		 "      --json  one JSON array of objects with image, record, field and text\n"
		 "  -h, --help  this text\n",
	.options = options,
	.paged = true,
	.run = verify_run,
};
