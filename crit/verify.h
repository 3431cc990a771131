/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verifying a checkpoint: a list of small checks (verify.def), one function each, over an index of all objects that is built once.
 * A check looks at everything it is about and tells all that is wrong; what is missing because an image cannot be read is not told again.
 */
#ifndef CRKIT_CRIT_VERIFY_H
#define CRKIT_CRIT_VERIFY_H

#include "base/guard.h"
#include "crit/images.h"
#include "libimg/messages.h"

/* Something that is wrong. record: from 1, 0: the image as a whole. field: "" where it is not about one. */
struct finding {
	const char *image;
	size_t record;
	const char *field;
	const char *text;
};

typedef int finding_sink(void *arg, const struct finding *f, struct err *e);

/* Checks a checkpoint. Returns -1 only when it could not be checked, else 0, whatever was found. */
int verify_source(struct source *s, finding_sink *sink, void *arg, size_t *nr_ret, struct err *e);

struct verify;

/* The index alone: tasks and open files, by their ids. What cannot be read, or has the id of another, is told; that may end it. */
int verify_begin(struct verify *v, struct source *s, finding_sink *sink, void *arg, struct err *e);
void verify_end(struct verify *v);

/* --- for the checks --------------------------------------------------------------------------------------------- */

struct task {
	const struct image *image; /* pstree.img */
	size_t record;
	const PstreeEntry *entry;
	const CoreEntry *core;	     /* of the leader; NULL: missing or unreadable */
	const TaskKobjIdsEntry *ids; /* NULL: none (an old layout) */
	uint32_t files_id;	     /* the N of fdinfo-N.img */
	bool alive;		     /* it has memory, files and so on */
};

/* An open file: a record of files.img, or of the image of its kind in older layouts. */
struct file {
	FdTypes type;
	uint32_t id;
	const ProtobufCMessage *entry; /* of its type; NULL: it has none */
	const char *field;	       /* where that is in the record, "" for older layouts */
	const struct image *image;
	size_t record;
};

/* Name spaces of ids. Those of open files are SPACE_FILE + type. */
enum space {
	SPACE_TASK = 1, /* -> tasks */
	SPACE_THREAD,	/* -> tasks */
	SPACE_ANY_FILE, /* -> files */
	SPACE_FD,	/* files_id << 32 | descriptor -> number of locks */
	SPACE_HOLDER,	/* file type << 32 | id -> a files_id that has it, plus 1 */
	SPACE_PIPE,	/* pipe id */
	SPACE_FIFO,
	SPACE_UNIX, /* socket inode */
	SPACE_INET,
	SPACE_PACKET,
	SPACE_TTY,
	SPACE_MEMFD,
	SPACE_BPFMAP,
	SPACE_NS,
	SPACE_MOUNT,
	SPACE_SHM,
	SPACE_CGROUP,
	SPACE_FILE = 0x10000,
};

struct verify {
	struct images im;
	struct task *tasks;
	size_t nr_tasks;
	struct file *files;
	size_t nr_files;
	struct map map;
	finding_sink *sink;
	void *arg;
	size_t nr_found;
	bool failed; /* a finding could not be told: *e says why */
	struct err *e;
};

/* Tells a finding. */
void found(struct verify *v, const struct image *i, size_t record, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Is there such an image (readable or not)? */
bool have_image(const struct verify *v, enum img_id id, uint64_t key);

/* Tells it when not. */
void want_image(struct verify *v, const struct image *i, size_t record, const char *field, enum img_id id,
		uint64_t key);

static inline bool known(const struct verify *v, uint32_t space, uint64_t key)
{
	return map_get(&v->map, space, key) != NULL;
}

/* Names an id; tells it when two objects have the same. */
void define(struct verify *v, uint32_t space, uint64_t key, uint32_t value, const struct image *i, size_t record,
	    const char *field);

/* Walks the records of all images of a type: for each, i and m are set, and record is its number. */
#define FOR_RECORDS(v, want, i, m, nr)                                                 \
	for (const struct image *i = (v)->im.list; i < (v)->im.list + (v)->im.nr; i++) \
		if (i->type->id == (want))                                             \
			for (size_t nr = 1; nr <= i->nr; nr++)                         \
				for (const void *once_ = i, *m = i->msgs[nr - 1]; once_; once_ = NULL)

/* Fills tasks, files and map. */
void verify_index(struct verify *v);

#define CHECK(name) void check_##name(struct verify *v);
#include "crit/verify.def"
#undef CHECK

#endif
