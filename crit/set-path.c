// SPDX-License-Identifier: GPL-2.0-only
/* crit set: paths, ".entries[id=5].reg.name", and following them through a record. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "crit/set.h"

static int bad_path(const struct assignment *a, const char *what, struct err *e)
{
	return err_set(e, 0, "set: \"%s\": %s", a->text, what);
}

/* What is in brackets, from p on; *end_ret is behind them. Cuts the text. */
static int parse_which(struct assignment *a, struct step *s, char *p, char **end_ret, struct err *e)
{
	char *end = strchr(p, ']'), *equals, *rest;

	if (!end)
		return bad_path(a, "']' is missing", e);
	*end = '\0';
	*end_ret = end + 1;
	equals = strchr(p, '=');
	if (equals) {
		*equals = '\0';
		s->which = WHICH_KEY;
		s->key = p;
		s->want = equals + 1;
		return 0;
	}
	if (!strcmp(p, "+")) {
		s->which = WHICH_NEW;
		return 0;
	}
	errno = 0;
	s->which = WHICH_INDEX;
	s->index = strtoull(p, &rest, 10);
	if (*p < '0' || *p > '9' || *rest || errno)
		return bad_path(a, "in brackets there is a number, FIELD=VALUE, or +", e);
	return 0;
}

/* The value begins behind the first '=' that is in no brackets. */
static char *find_value(char *p)
{
	for (bool inside = false; *p; p++) {
		if (*p == '[' || *p == ']')
			inside = *p == '[';
		else if (*p == '=' && !inside)
			return p;
	}
	return NULL;
}

static int parse_steps(struct assignment *a, char *p, struct err *e)
{
	p += *p == '.';
	for (;;) {
		struct step *s = &a->steps[a->nr];
		size_t len = strcspn(p, ".[");
		char ended_by = p[len];

		if (a->nr == STEPS_MAX)
			return bad_path(a, "too many steps", e);
		if (!len)
			return bad_path(a, "a name is missing", e);
		s->name = p;
		p[len] = '\0';
		p += len + (ended_by != '\0');
		if (ended_by == '[') {
			if (parse_which(a, s, p, &p, e))
				return -1;
			ended_by = *p;
			if (ended_by && ended_by != '.')
				return bad_path(a, "after ']' there is '.' or '='", e);
			p += ended_by != '\0';
		}
		a->nr++;
		if (!ended_by)
			return 0;
	}
}

int assignment_parse(struct assignment *a, const char *text, bool delete, struct err *e)
{
	char *value;

	*a = (struct assignment){ .text = text, .copy = strdup(text) };
	if (!a->copy)
		return err_nomem(e, text);
	value = delete ? NULL : find_value(a->copy);
	if (!delete &&!value)
		return bad_path(a, "'=' and a value are missing", e);
	if (value) {
		*value = '\0';
		a->value = value + 1;
	}
	if (parse_steps(a, a->copy, e))
		return -1;
	if (strcmp(a->steps[0].name, "entries") || (a->steps[0].which != WHICH_INDEX && a->steps[0].which != WHICH_KEY))
		return bad_path(a, "a path begins with .entries and says which one in brackets", e);
	if (a->nr == 1 && a->value)
		return bad_path(a, "a record has no value: name one of its fields", e);
	return 0;
}

void assignment_free(struct assignment *a)
{
	free(take_ptr(a->copy));
}

bool assignment_meets(const struct assignment *a, const ProtobufCMessage *record, uint64_t index)
{
	const struct step *s = &a->steps[0];

	return s->which == WHICH_INDEX ? s->index == index : value_is(record, s->key, s->want);
}

/* --- following a path ---------------------------------------------------------------------------------------------- */

/* The element of a list of messages that a step means. */
static int find_element(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, const struct step *s, size_t *ret,
			struct err *e)
{
	ProtobufCMessage *const *list = *(ProtobufCMessage *const **)value_at(m, f);
	size_t nr = *value_count(m, f), hits = 0;

	if (s->which == WHICH_INDEX) {
		*ret = (size_t)s->index;
		return *ret < nr ? 0 : err_set(e, 0, "%s has %zu elements: there is no element %zu", f->name, nr, *ret);
	}
	if (s->which != WHICH_KEY)
		return err_set(e, 0, "%s is a list: say which element in brackets", f->name);
	for (size_t i = 0; f->type == PROTOBUF_C_TYPE_MESSAGE && i < nr; i++) {
		if (value_is(list[i], s->key, s->want)) {
			*ret = i;
			hits++;
		}
	}
	if (hits == 1)
		return 0;
	return err_set(e, 0, "%zu elements of %s have %s=%s, not one", hits, f->name, s->key, s->want);
}

static int go_down(ProtobufCMessage **m, const ProtobufCFieldDescriptor *f, const struct step *s, struct err *e)
{
	size_t at;

	if (f->type != PROTOBUF_C_TYPE_MESSAGE)
		return err_set(e, 0, "%s is no object: it has no fields", f->name);
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		if (find_element(*m, f, s, &at, e))
			return -1;
		*m = (*(ProtobufCMessage ***)value_at(*m, f))[at];
		return 0;
	}
	if (s->which != WHICH_NONE)
		return err_set(e, 0, "%s is no list", f->name);
	if (!*(ProtobufCMessage **)value_at(*m, f))
		return err_set(e, 0, "the record has no %s", f->name);
	*m = *(ProtobufCMessage **)value_at(*m, f);
	return 0;
}

static int act(const struct assignment *a, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, struct err *e)
{
	const struct step *s = &a->steps[a->nr - 1];
	bool list = f->label == PROTOBUF_C_LABEL_REPEATED;
	size_t at = SIZE_MAX;

	if (!list && s->which != WHICH_NONE)
		return err_set(e, 0, "%s is no list", f->name);
	if (!list)
		return a->value ? value_set(m, f, 0, a->value, e) : value_delete(m, f, e);
	if (s->which == WHICH_NONE)
		return a->value ? value_set_list(m, f, a->value, e) : value_delete(m, f, e);
	if (s->which == WHICH_NEW && a->value)
		return value_set(m, f, SIZE_MAX, a->value, e);
	if (find_element(m, f, s, &at, e))
		return -1;
	return a->value ? value_set(m, f, at, a->value, e) : value_delete_at(m, f, at, e);
}

int assignment_apply(const struct assignment *a, ProtobufCMessage *m, struct err *e)
{
	for (size_t i = 1; i < a->nr; i++) {
		const struct step *s = &a->steps[i];
		const ProtobufCFieldDescriptor *f;

		f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, s->name);
		if (!f) {
			err_set(e, 0, "a %s has no %s", m->descriptor->name, s->name);
			if (!strcmp(s->name, "extra"))
				err_hint(e, "a payload is no field: \"crit edit\" can change it");
			return err_in(e, "%s", a->text);
		}
		if (i + 1 == a->nr ? act(a, m, f, e) : go_down(&m, f, s, e))
			return err_in(e, "%s", a->text);
	}
	return 0;
}
