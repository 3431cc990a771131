/* SPDX-License-Identifier: GPL-2.0-only */
/* What inotify watches and fanotify marks have in common: an inode that the kernel shows by number and handle, not by name. */
#ifndef CRKIT_DUMP_FSNOTIFY_H
#define CRKIT_DUMP_FSNOTIFY_H

#include "cr-dump/files.h"

/* A watched inode; f_handle->path and *file_id are filled in when all files of the tree are known. */
struct watched {
	const struct open_file *of;
	uint64_t ino;
	dev_t dev;
	FhEntry *handle;
	protobuf_c_boolean *has_file_id;
	uint32_t *file_id;
};

struct mount_point {
	int id;
	dev_t dev;
	const char *path;
};

/* The device as fdinfo shows it, as stat(2) would. */
dev_t fsnotify_dev(uint32_t s_dev);
/* The end of a line of fdinfo, "fhandle-bytes:8 fhandle-type:1 f_handle:9d4e...". A file system may have none. */
int fsnotify_handle(struct dump_ctx *ctx, const char *text, FhEntry **ret, struct err *e);
void fsnotify_add(struct dump_ctx *ctx, const struct watched *w);
/* Finds a way to every inode added so far, refuses those that none is found to. */
int fsnotify_resolve(struct dump_ctx *ctx, struct err *e);
/* The mount with this id, or one of a file system (id 0), if its path leads there; else NULL. */
int fsnotify_mount(struct dump_ctx *ctx, int id, dev_t dev, const struct mount_point **ret, struct err *e);
/* Events that the program has not read yet can be seen by reading only, which takes them away: refuses them. */
int fsnotify_queue(struct dump_ctx *ctx, const struct open_file *of, int fd, const char *what, bool *refused_ret,
		   struct err *e);

/* inotify_queue.c: events that wait are to be read when the tree is dead. */
int inotify_queue_note(struct dump_ctx *ctx, const struct open_file *of, int fd, InotifyFileEntry *r, struct err *e);
int inotify_queues_forget(struct dump_ctx *ctx, struct err *e);

#endif
