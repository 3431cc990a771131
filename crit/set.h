/* SPDX-License-Identifier: GPL-2.0-only */
/* crit set: paths to fields, and changing what they lead to. */
#ifndef CRKIT_CRIT_SET_H
#define CRKIT_CRIT_SET_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Which element of a list. */
enum which { WHICH_NONE, WHICH_INDEX, WHICH_KEY, WHICH_NEW };

struct step {
	const char *name; /* of the field */
	enum which which;
	uint64_t index;		/* WHICH_INDEX, from 0 */
	const char *key, *want; /* WHICH_KEY: [key=want] */
};

#define STEPS_MAX 16

/* One thing to do: ".entries[id=5].reg.name=/new". The first step is the one to the record. */
struct assignment {
	const char *text;  /* as it was given */
	char *copy;	   /* what the steps point into */
	const char *value; /* NULL: delete */
	struct step steps[STEPS_MAX];
	size_t nr;
	size_t hits; /* records it led to */
	bool hit;    /* it leads to the record at hand */
};

int assignment_parse(struct assignment *a, const char *text, bool delete, struct err *e);
void assignment_free(struct assignment *a);

/* Does the first step lead to this record, the one with that index? */
bool assignment_meets(const struct assignment *a, const ProtobufCMessage *record, uint64_t index);

/* Does it to a record: the steps after the first. */
int assignment_apply(const struct assignment *a, ProtobufCMessage *record, struct err *e);

/* --- values ------------------------------------------------------------------------------------------------------- */

/* Is the value of a field of m what the text says? False as well when there is no such field. key: "id", "reg.id". */
bool value_is(const ProtobufCMessage *m, const char *key, const char *text);

/* Sets a field, an element of a list (at == SIZE_MAX: a new one behind the last), or, where text means all of it, a list. */
int value_set(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t at, const char *text, struct err *e);
int value_set_list(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, const char *text, struct err *e);

/* Removes an optional field, a list, or an element of one (`at`). */
int value_delete(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, struct err *e);
int value_delete_at(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t at, struct err *e);

/* The number of elements of a list. */
static inline size_t *value_count(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return (size_t *)((char *)m + f->quantifier_offset);
}

static inline void *value_at(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return (char *)m + f->offset;
}

#endif
