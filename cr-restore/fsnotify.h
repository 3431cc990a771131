/* SPDX-License-Identifier: GPL-2.0-only */
/* What inotify watches and fanotify marks have in common: an inode that is to be found again. */
#ifndef CRKIT_RESTORE_FSNOTIFY_H
#define CRKIT_RESTORE_FSNOTIFY_H

#include <sys/ioctl.h>

#include "cr-restore/files.h"
#include "fsnotify.pb-c.h"

#ifndef INOTIFY_IOC_SETNEXTWD
#define INOTIFY_IOC_SETNEXTWD _IOW('I', 0, int32_t)
#endif

/* As the image tells of it: an open file of the tree, a name, a handle; tried in this order. */
struct watched {
	const FhEntry *handle;
	bool has_file_id;
	uint32_t file_id, s_dev;
	uint64_t ino;
	int fd; /* a descriptor of the open file while there is one; -1 */
};

/* Load: the open file is to stay until fsnotify_hold(). */
void fsnotify_want(struct restore_ctx *ctx, const struct watched *w);
/* Plan: a problem() when it cannot be found. In CRIU's images a deleted file of the tree is known by its inode number only. */
void fsnotify_check(struct restore_ctx *ctx, const FileEntry *f, struct watched *w);
/* Settle: gets hold of the open file, if it is one, since that is about to be closed. */
int fsnotify_hold(struct restore_ctx *ctx, struct watched *w, struct err *e);
/* A name that leads to the inode while *fd_ret is open: "/proc/self/fd/N". */
int fsnotify_find(const struct watched *w, int *fd_ret, char *path, size_t size, struct err *e);

/*
 * inotify_queue.c: fills the queue of an instance that has no watches yet; NULL: with the news that events were lost. Returns 1 when that
 * is in it.
 */
int inotify_queue_fill(struct restore_ctx *ctx, int fd, const InotifyQueueEntry *q, struct err *e);

#endif
