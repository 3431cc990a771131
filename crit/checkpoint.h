/* SPDX-License-Identifier: GPL-2.0-only */
/* A checkpoint as the verbs see it: its tasks, its open files and who has them, and how they are named. */
#ifndef CRKIT_CRIT_CHECKPOINT_H
#define CRKIT_CRIT_CHECKPOINT_H

#include <stddef.h>

#include "core.pb-c.h"
#include "crit/source.h"
#include "fdinfo.pb-c.h"
#include "fs.pb-c.h"
#include "libimg/task.h"
#include "memfd.pb-c.h"
#include "mm.pb-c.h"
#include "pstree.pb-c.h"

struct open_file {
	FdTypes type;
	uint32_t id;
	ProtobufCMessage *owner; /* the record, to be freed */
	const void *entry;	 /* the message of that type within it */
};

/* A descriptor, or a directory, that stands for an open file. */
struct holder {
	FdTypes type;
	uint32_t id, pid, fd;
};

struct checkpoint {
	struct source *source;
	PstreeEntry **tasks;
	size_t nr_tasks;
	bool fdinfo_per_task;  /* older images: fdinfo-N is of the task N, not of the table N */
	bool ns_per_tree;      /* older images: those of namespaces have the pid of the tree's root */
	bool has_host;	       /* `host` is known */
	TaskKobjIdsEntry host; /* what the dumper itself was in: a tree that has another namespace has one of its own */
	struct open_file *files; /* sorted by type and id */
	size_t nr_files;
	MemfdInodeEntry **memfds;
	size_t nr_memfds;
	struct holder *holders; /* sorted by type, id, pid and descriptor */
	size_t nr_holders;
};

/* Opens the directory or archive and reads the tree. */
int checkpoint_open(struct checkpoint *c, const char *path, struct err *e);
void checkpoint_close(struct checkpoint *c);
#define _cleanup_checkpoint_ __attribute__((cleanup(checkpoint_close)))

/* Reads what is needed to name open files. Each of these may be called more than once. */
int checkpoint_files(struct checkpoint *c, struct err *e);

/* Reads who has which open file. */
int checkpoint_holders(struct checkpoint *c, struct err *e);

/* The message of an open file (RegFileEntry ...), NULL when there is none. */
const ProtobufCMessage *checkpoint_file(const struct checkpoint *c, FdTypes type, uint32_t id);

/* What a file of the type MEMFD is open on: its name, size and seals; NULL when that is not known. */
const MemfdInodeEntry *checkpoint_memfd(const struct checkpoint *c, uint32_t id);

/* Who has an open file: *nr_ret descriptors. */
const struct holder *checkpoint_held_by(const struct checkpoint *c, FdTypes type, uint32_t id, size_t *nr_ret);

/*
 * The core of a task (leader) or of another thread; what older images have in files of their own (ids, credentials, signals, timers,
 * limits) is put in. The caller frees it by img_free. *ret is NULL when `leader` is false and there is none.
 */
int checkpoint_core(struct checkpoint *c, uint32_t tid, bool leader, CoreEntry **ret, struct err *e);

/* The memory descriptor of a task, with its mappings in older images too. *ret is NULL for a dead task. */
int checkpoint_mm(struct checkpoint *c, uint32_t pid, MmEntry **ret, struct err *e);

/*
 * Calls fn for each thread of each task, leaders first. mm is NULL for a dead task; it belongs to the caller of fn. Ends at the first
 * failure.
 */
int checkpoint_each_thread(struct checkpoint *c,
			   int (*fn)(struct checkpoint *c, void *arg, uint32_t pid, uint32_t tid, const MmEntry *mm,
				     struct err *e),
			   void *arg, struct err *e);

/* The descriptors of a task, to be closed by the caller. *ret is NULL for a dead task. */
int checkpoint_fdinfo(struct checkpoint *c, uint32_t pid, struct img_reader **ret, struct err *e);

/* The N in the names of a namespace's images. */
unsigned long checkpoint_ns_key(const struct checkpoint *c, uint32_t ns_id);

/* Prints text of an image: on a terminal without the characters that would control it. */
void put_text(const char *s);

/* An open file as people know it: its path, or what kind of object it is. The caller frees it; NULL: no memory. */
char *file_name(const struct checkpoint *c, FdTypes type, uint32_t id);

/* A unix socket's name as quoted-printable has it. The caller frees it; NULL: no memory. */
char *unix_name(const ProtobufCBinaryData *name);

#endif
