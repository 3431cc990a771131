/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libimg: reading and writing checkpoint images. The wire format is that of CRIU 4.2 (image version 1.1): magics,
 * then records of a 32-bit length and a protobuf message, some followed by bytes of their own.
 *
 * Messages are protobuf-c structures (<crkit/proto/NAME.pb-c.h>, in the source tree build/gen/NAME.pb-c.h), all of them have a
 * descriptor (img_type, img_message) by which they can be walked without knowing them.
 *
 * Errors: a function that can fail takes a struct err, which need not be initialised, returns -1 (or what it says) and fills it;
 * otherwise it leaves it alone. errnum is the errno of the system call to blame, 0 when there is none: the image is bad. What is
 * read from an image is never trusted: a bad image is an error that names the file, the record number (from 1) and the byte
 * offset of the record. Results (*ret) are written on success only.
 *
 * Ownership: what a function gives out by *ret is the caller's, who frees it by the function named there. Descriptors that are
 * passed in stay the caller's. Nothing passed in is kept beyond the call, but for the `name` of img_open_fd, img_open_part and
 * img_create_fd, which is copied.
 *
 * Units: sizes, lengths, addresses and offsets are bytes, if nothing else is said; pages have IMG_PAGE_SIZE.
 *
 * Threads: nothing is global, so that different readers and writers can be used by different threads at once; one of them by one
 * thread at a time.
 */
#ifndef CRKIT_LIBIMG_H
#define CRKIT_LIBIMG_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IMG_PAGE_SIZE  4096u
#define IMG_VERSION    2	   /* inventory_entry.img_version of image version 1.1 */
#define IMG_RECORD_MAX (64u << 20) /* bytes; no message of any image comes near */

/* What follows each message of an image. Layouts: see images.def. */
enum img_extra {
	IMG_EXTRA_NONE,
	IMG_EXTRA_RAW, /* the whole file is raw bytes: no magic, no records */
	IMG_EXTRA_PAGEMAP,
	IMG_EXTRA_PIPES_DATA,
	IMG_EXTRA_SK_QUEUES,
	IMG_EXTRA_TCP_STREAM,
	IMG_EXTRA_BPFMAP_DATA,
	IMG_EXTRA_IPC_SEM,
	IMG_EXTRA_IPC_MSG,
	IMG_EXTRA_IPC_SHM,
	IMG_EXTRA_GHOST_FILE,
};

/* IMG_INVENTORY, IMG_CORE ... one for each row of images.def, which is the one list of all images. */
enum img_id {
#define IMAGE(ID, template, name, magic, message, extra) IMG_##ID,
#include "libimg/images.def"
#undef IMAGE
	IMG_COUNT
};

struct img_type {
	enum img_id id;
	const char *name;			/* "CORE": the magic's name, as JSON shows it */
	const char *pattern;			/* "core-%u.img" */
	uint32_t magic;				/* 0: raw */
	const ProtobufCMessageDescriptor *desc; /* of each record; of the first one for pagemaps; NULL: raw */
	enum img_extra extra;
};

const struct img_type *img_type(enum img_id id);

/* The type that a magic, a magic's name ("CORE") or a file name ("core-12.img", no directory) stands for, or NULL. */
const struct img_type *img_type_by_magic(uint32_t magic);
const struct img_type *img_type_by_name(const char *name);
const struct img_type *img_type_by_file(const char *file);

/* The message of that name in the protocol ("core_entry", "fdinfo_entry"), which some image has somewhere, or NULL. */
const ProtobufCMessageDescriptor *img_message(const char *name);

/*
 * An empty message, to be filled and written; NULL: not enough memory. Everything that is put into it (strings, lists, messages) must
 * come from malloc(3) if it is to be freed by img_free; a caller that points it at memory of its own frees only the message, by free(3).
 */
ProtobufCMessage *img_new(const ProtobufCMessageDescriptor *desc);

/* An error as one line without a newline, in buf: "where: what: strerror(errnum)". The hint is left out. Returns buf. */
const char *img_err_text(const struct err *e, char *buf, size_t size);

/* The file name of an image, in buf; `key` is the number in its template (ignored where it has none). Returns buf. */
const char *img_name(enum img_id id, unsigned long key, char *buf, size_t size);

/* --- writing --------------------------------------------------------------------------------------------- */

struct img_writer;

/* Creates (or replaces) the image in directory dirfd and writes its magics. The writer is buffered. */
int img_create(int dirfd, enum img_id id, unsigned long key, struct img_writer **ret, struct err *e);

/* Appends one record. msg is any protobuf-c message of the image's type. Not kept. */
int img_put(struct img_writer *w, const ProtobufCMessage *msg, struct err *e);

/* Creates (or replaces) a file for the bytes of an image. Returns its descriptor, for reading and writing, or -1. */
int img_create_file(int dirfd, const char *name, struct err *e);

/* As img_create, on an open descriptor, which stays the caller's. `name` is for errors. v1_0: one magic only. */
int img_create_fd(int fd, const char *name, enum img_id id, bool v1_0, struct img_writer **ret, struct err *e);

/* Appends bytes that belong to the last record (or are the content of a raw image). */
int img_put_bytes(struct img_writer *w, const void *buf, size_t len, struct err *e);

/* Flushes, closes and frees *w, also on failure. *w becomes NULL. A NULL *w is fine. */
int img_finish(struct img_writer **w, struct err *e);

/* Closes and frees without caring for the content: the guard for failure paths. */
void img_abandon(struct img_writer **w);
#define _cleanup_img_writer_ __attribute__((cleanup(img_abandon)))

/* One-record images: create, put, finish. */
int img_write_one(int dirfd, enum img_id id, unsigned long key, const ProtobufCMessage *msg, struct err *e);

/* --- reading --------------------------------------------------------------------------------------------- */

struct img_reader;

/* Opens an image and checks its magics. Returns 0 with *ret, or -1; e->errnum is ENOENT when there is no such file. */
int img_open(int dirfd, enum img_id id, unsigned long key, struct img_reader **ret, struct err *e);

/*
 * As img_open, on an open descriptor, which stays the caller's. It may be a pipe. The type is found from the magics, for
 * raw images from `name`, which may have a directory in front.
 */
int img_open_fd(int fd, const char *name, struct img_reader **ret, struct err *e);

/*
 * As img_open_fd, for `size` bytes at offset `at` of a file: a member of an archive. The descriptor's own offset is neither used
 * nor moved. want: the type it must have, or NULL.
 */
int img_open_part(int fd, uint64_t at, uint64_t size, const char *name, const struct img_type *want,
		  struct img_reader **ret, struct err *e);

const struct img_type *img_reader_type(const struct img_reader *r);
bool img_reader_is_v1_0(const struct img_reader *r);

/* The bytes between here and the end of the image; UINT64_MAX where that cannot be known (a pipe). */
uint64_t img_left(const struct img_reader *r);

/*
 * The next record. Returns 1 with *ret (the caller frees it by img_free), 0 at the end of the image, -1 on error. The length
 * word is checked against the bytes left and IMG_RECORD_MAX before anything is allocated. In a pagemap the first
 * record is a pagemap_head, the others are pagemap_entry; in a ghost file the first is a ghost_file_entry, the others
 * are ghost_chunk_entry. Bytes that follow a record must be taken (img_get_bytes) before the next img_get.
 */
int img_get(struct img_reader *r, ProtobufCMessage **ret, struct err *e);

/* As img_get, for a record of another type: a message that follows an ipc_msg_entry, a ghost_chunk_entry. */
int img_get_as(struct img_reader *r, const ProtobufCMessageDescriptor *desc, ProtobufCMessage **ret, struct err *e);

/* Bytes that belong to the record last read. All or nothing: a short file is an error. */
int img_get_bytes(struct img_reader *r, void *buf, size_t len, struct err *e);

/* Passes over bytes that belong to the record last read. */
int img_skip(struct img_reader *r, uint64_t len, struct err *e);

/* As img_get_bytes, but fewer bytes where the image ends. Returns their number, -1 on error. */
ssize_t img_get_some(struct img_reader *r, void *buf, size_t len, struct err *e);

/* Puts "FILE: record N at offset M" in front of an error that the caller found in a record's content. Returns -1. */
int img_complain(const struct img_reader *r, struct err *e);

void img_close(struct img_reader **r);
#define _cleanup_img_reader_ __attribute__((cleanup(img_close)))

/* Frees a message from img_get, img_read_one or img_new, with all that is in it. NULL is fine. */
void img_free(void *msg);

/* The only record of a one-record image. Returns 0, or -1 (also when there is none or more than one). */
int img_read_one(int dirfd, enum img_id id, unsigned long key, ProtobufCMessage **ret, struct err *e);

/* As img_read_one, of an image that is open already. */
int img_get_only(struct img_reader *r, ProtobufCMessage **ret, struct err *e);

/* --- page maps ------------------------------------------------------------------------------------------- */

/* Pages that lie one behind the other in memory, and in the pages image too when it has them. */
struct img_run {
	uint64_t addr;	/* of the first page; in a shared object (SHMEM_PAGEMAP), its offset in the object. Bytes */
	uint64_t nr;	/* pages, at least 1 */
	uint64_t off;	/* of the first page in the pages image, if flags has IMG_PRESENT. Bytes */
	uint32_t flags; /* IMG_PARENT, IMG_LAZY, IMG_PRESENT */
};

#define IMG_PARENT  1u /* the pages are in the images of the previous dump (the directory's link `parent`) */
#define IMG_LAZY    2u /* the pages may be fetched after the restore */
#define IMG_PRESENT 4u /* the pages are in the pages image */

struct img_pagemap {
	uint32_t pages_id;    /* the N of pages-N.img */
	struct img_run *runs; /* ascending by address, without overlap */
	size_t nr_runs;
	uint64_t size; /* of the part of the pages image that belongs to it: bytes */
};

/*
 * All of a pagemap image, checked: addresses and sizes are possible, runs are in order. Flags of older images (in_parent,
 * none at all) are translated. The caller frees by img_pagemap_free, on failure too.
 */
int img_get_pagemap(struct img_reader *r, struct img_pagemap *ret, struct err *e);
void img_pagemap_free(struct img_pagemap *m);
#define _cleanup_img_pagemap_ __attribute__((cleanup(img_pagemap_free)))

/* The run that holds the page at `addr` or, when there is none, the first one above it: an index, nr_runs at the end. */
size_t img_pagemap_find(const struct img_pagemap *m, uint64_t addr);

#ifdef __cplusplus
}
#endif

#endif
