/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Open files at restore: what files.c keeps of each, and what it offers to the kinds (struct restore_kind in restore.h). The
 * director makes every open file once, at its first use, and closes it when the last descriptor is given.
 */
#ifndef CRKIT_RESTORE_FILES_H
#define CRKIT_RESTORE_FILES_H

#include "base/sockopt.h"
#include "cr-restore/restore.h"
#include "file-lock.pb-c.h"
#include "pipe-data.pb-c.h"
#include "sk-packet.pb-c.h"

enum restore_kind_id {
#define KIND(name)	   RESTORE_KIND_##name,
#define RESTORE_KIND(name) RESTORE_KIND_##name,
#include "libimg/kinds.def"
#undef RESTORE_KIND
#undef KIND
	RESTORE_KIND_COUNT
};

struct ofile {
	uint32_t id;
	FileEntry *entry;
	const struct restore_kind *kind; /* NULL: none here restores this type */
	int fd;				 /* the director's; -1: not made, or closed again */
	uint32_t users;			 /* descriptors of tasks that are still to be given */
	const char *label;		 /* of SELinux; NULL: whatever it gets */
	bool held;			 /* some task has a descriptor of it */
	bool checked;
	bool finished; /* a kind's mark: its `finish` was done in some task */
	bool signals;  /* it has an owner or O_ASYNC: see files_owner.c */
};

/* What was queued on a socket. */
struct packet {
	const SkPacketEntry *entry;
	uint8_t *bytes;
	size_t nr; /* order within one socket */
};

struct files {
	struct ofile *list; /* by id */
	size_t nr;
	ProtobufCMessage **messages; /* to be freed */
	size_t nr_messages;
	FileLockEntry **locks;
	size_t nr_locks;
	struct packet *packets; /* by receiver, then in order */
	size_t nr_packets;
	struct inheritance *inheritance; /* files_inherit.c */
	void *kind[RESTORE_KIND_COUNT];	 /* what a kind has to remember */
};

/* --- files.c ------------------------------------------------------------------------------------------------ */

struct ofile *files_find(struct restore_ctx *ctx, uint32_t id);
const FdinfoEntry *files_descriptor(const struct rtask *t, uint32_t number); /* NULL: it has none of that number */
/* A kind made this file, too, while it made another: both ends of a pipe. */
void files_put(struct restore_ctx *ctx, uint32_t id, int fd);
/* Can it be made here? Asked once for each file, of its kind. */
int files_check_one(struct restore_ctx *ctx, struct ofile *of, struct err *e);
/* Makes room in a program for n ops and some bytes: runs what is in it, if need be. */
int files_room(struct restore_ctx *ctx, struct rtask *t, struct prog *p, uint32_t n, size_t bytes, struct err *e);

/* --- files_load.c ------------------------------------------------------------------------------------------- */

/* Calls fn for every record of an image and keeps the messages; an image that is not there has no record. */
int files_each(struct restore_ctx *ctx, enum img_id id,
	       int (*fn)(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e),
	       struct err *e);
int files_load_images(struct restore_ctx *ctx, struct err *e);
int files_load_tables(struct restore_ctx *ctx, struct err *e);
/* The sub-message of the file's type, NULL when it is missing. */
const ProtobufCMessage *file_message(const FileEntry *f);
const char *file_type_name(FdTypes type);

/* --- files_paths.c ------------------------------------------------------------------------------------------ */

/* --remap-path */
int files_change_paths(struct restore_ctx *ctx, struct err *e);

/* --- files_inherit.c ---------------------------------------------------------------------------------------- */

int inherit_load(struct restore_ctx *ctx, struct err *e);
/* Was a descriptor given for it? Then its kind is not asked. */
bool inherit_wants(struct restore_ctx *ctx, const FileEntry *f);
void inherit_check(struct restore_ctx *ctx, const struct ofile *of);
int inherit_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e);
/* For kinds that put it in place themselves: the descriptor given for a key, or -1. */
int inherit_fd(struct restore_ctx *ctx, const char *key);
/* The tree has all its files: were all descriptors of use? */
void inherit_end(struct restore_ctx *ctx);

/* --- files_locks.c ------------------------------------------------------------------------------------------ */

int locks_load(struct restore_ctx *ctx, struct err *e);
/* Adds the locks of a task that has all its descriptors to its program. */
int locks_take(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e);
/* All tasks have theirs. Files with a lease have no owner then. */
int locks_break_leases(struct restore_ctx *ctx, struct err *e);

/* --- files_owner.c ------------------------------------------------------------------------------------------ */

/* Has it an owner to be named, or O_ASYNC to be set, at the end? */
bool file_signals(const FileEntry *f);
/* Its status flags, as the record has them. */
uint32_t file_flags(const FileEntry *f);
int file_set_owner(const struct ofile *of, struct err *e);
/* O_ASYNC is set in a task: the kernel remembers the number of the descriptor for si_fd. */
int file_set_async(struct restore_ctx *ctx, struct rtask *t, const FdinfoEntry *fd, const FileEntry *f, struct prog *p,
		   struct err *e);
/* Status flags of a file that was not made by open(2). */
int file_set_flags(int fd, uint32_t flags, struct err *e);
/* Opens the file behind a descriptor once more, with its own offset and flags. */
int file_reopen(int fd, uint32_t flags, int *fd_ret, struct err *e);

/* --- files_label.c ------------------------------------------------------------------------------------------ */

void files_load_labels(struct restore_ctx *ctx);
/* The label that a file is to have; NULL: any. */
const char *file_label(const struct restore_ctx *ctx, uint32_t id);
/* As socket(2), with a label. */
int socket_labelled(const char *label, int family, int type, int protocol);
/* All sockets that this thread makes get this label (-1, errno), until they get that of the thread again. NULL: does nothing. */
int sockets_get(const char *label);
void sockets_get_own(const char *label);
/* The same for a task's program. */
void prog_sockets_get(struct prog *p, const char *label);
void prog_sockets_get_own(struct prog *p, const char *label);
/* It is made: has it the label that it is to have? */
int file_set_label(const struct ofile *of, struct err *e);

/* --- pipe_data.c -------------------------------------------------------------------------------------------- */

struct pipe_content {
	const PipeDataEntry *entry;
	uint8_t *bytes;
};

struct pipe_contents {
	struct pipe_content *list; /* by pipe_id */
	size_t nr;
	enum img_id image; /* where they come from */
};

int pipe_contents_load(struct restore_ctx *ctx, enum img_id id, struct pipe_contents *s, struct err *e);
int pipe_contents_check(const struct pipe_contents *s, uint32_t pipe_id, uint32_t queued, struct err *e);
uint32_t pipe_contents_bytes(const struct pipe_contents *s, uint32_t pipe_id);
/* Capacity and content, through an end for writing. */
int pipe_contents_fill(const struct pipe_contents *s, uint32_t pipe_id, int in, struct err *e);

/* --- memfd.c ------------------------------------------------------------------------------------------------ */

/* The name that it was given when it was made, NULL when it is not in the images. */
const char *memfd_name(struct restore_ctx *ctx, const FileEntry *f);

/* --- sk_queues.c -------------------------------------------------------------------------------------------- */

int sk_queues_load(struct restore_ctx *ctx, struct err *e);
/* The packets of a socket's queue. */
const struct packet *sk_packets(const struct restore_ctx *ctx, uint32_t id, size_t *nr_ret);

/* --- sockopt.c ---------------------------------------------------------------------------------------------- */

/* Does nothing when the option has this value already: no privilege is needed then. */
int sockopt_set(int fd, int level, int name, int value, const char *what, struct err *e);
/* Done by sockopt_restore(), too. */
int sockopt_bind_device(int fd, const SkOptsEntry *o, struct err *e);
int sockopt_restore(int fd, int family, const SkOptsEntry *o, struct err *e);
int sockopt_restore_ip(int fd, const InetSkEntry *sk, struct err *e);

#endif
