/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a checkpoint lies: a directory, or an archive (tar, also compressed) that is read without being unpacked. Images are found
 * by their names; in an archive they may be in a folder, as container engines put them.
 */
#ifndef CRKIT_CRIT_SOURCE_H
#define CRKIT_CRIT_SOURCE_H

#include "libimg/libimg.h"

struct source;

/* Bytes of a file, valid as long as the source is open. The descriptor may be shared: read by pread(2). */
struct part {
	int fd;
	bool owned;	   /* part_close closes the descriptor */
	uint64_t at, size; /* bytes */
};

#define PART_NONE ((struct part){ .fd = -1 })

void part_close(struct part *p);
#define _cleanup_part_ __attribute__((cleanup(part_close)))

int source_open(struct source **ret, const char *path, struct err *e);
void source_close(struct source **s);
#define _cleanup_source_ __attribute__((cleanup(source_close)))

/* The path as it was given. */
const char *source_path(const struct source *s);

/* The directory, -1 for an archive. */
int source_dirfd(const struct source *s);

/* From now on the file `name`, which must be there, has the content of another: a part that stays the caller's. */
void source_replace(struct source *s, const char *name, struct part with);

/*
 * The names of all files, in order of name; of an archive those in the folder of the checkpoint. The array belongs to the
 * source. Directories, links and other special files are left out.
 */
int source_names(struct source *s, const char *const **ret, size_t *nr_ret, struct err *e);

/* The bytes of one file, to be given back by part_close. e->errnum is ENOENT when there is none. */
int source_file(struct source *s, const char *name, struct part *ret, struct err *e);

/* An image, as img_open has it. */
int source_image(struct source *s, enum img_id id, unsigned long key, struct img_reader **ret, struct err *e);

/* The only record of an image, as img_read_one has it. */
int source_one(struct source *s, enum img_id id, unsigned long key, ProtobufCMessage **ret, struct err *e);

/* As source_one; *ret is NULL when there is no such image. */
int source_optional(struct source *s, enum img_id id, unsigned long key, ProtobufCMessage **ret, struct err *e);

/*
 * The previous dump of a chain: what the link `parent` leads to, relative to a directory. *ret is NULL when there is none. An
 * archive has none.
 */
int source_parent(const struct source *s, struct source **ret, struct err *e);

/* Reads all of [at, at+len) of a part. */
int part_read(const struct part *p, uint64_t at, void *buf, size_t len, struct err *e);

#endif
