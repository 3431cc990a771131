/* SPDX-License-Identifier: GPL-2.0-only */
/* crit diff: two checkpoints side by side, and how differences are told. */
#ifndef CRKIT_CRIT_DIFF_H
#define CRKIT_CRIT_DIFF_H

#include "crit/memory.h"
#include "crit/rows.h"
#include "crit/verify.h"

/* One of the two checkpoints: the index that crit verify works on, and what waits in queues. */
struct side {
	const char *path;
	struct source *source;
	struct verify index;
	struct map packets, bytes; /* by kind of queue (an img_id) and id */
};

struct diff {
	struct side a, b;
	struct rows rows;
	size_t nr; /* differences */
	struct err *e;
	bool failed;
};

/* What a difference is about: a task, or a descriptor or mapping of it. */
struct subject {
	const char *kind; /* "task", "descriptor", "mapping" */
	uint32_t pid;
	uint64_t fd;	     /* of a descriptor */
	uint64_t start, end; /* of a mapping */
};

/* Begins a row; NULL when there is no memory. */
struct json_object *diff_row(const struct subject *s, const char *change);

/* Shows it. */
void diff_put(struct diff *d, struct json_object *row);

/* A field with other values; NULL: it has none. */
void diff_field(struct diff *d, const struct subject *s, const char *field, const char *before, const char *after);

/* All fields in which two messages of one type differ, but for those named in `ignored` (of any depth; ends with NULL). */
void diff_messages(struct diff *d, const struct subject *s, const char *path, const ProtobufCMessage *a,
		   const ProtobufCMessage *b, const char *const *ignored);

/* The message of an open file, or NULL. */
const struct file *diff_file(const struct side *s, FdTypes type, uint32_t id);

/* The path of a regular file, "?" when it is not there. */
const char *diff_path(const struct side *s, uint32_t id);

/* The parts of a comparison, for a task that both have. */
void diff_descriptors(struct diff *d, const struct task *a, const struct task *b);
void diff_memory(struct diff *d, uint32_t pid);

#endif
