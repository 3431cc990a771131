/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the unix socket kind share: queues (unix_queue.c) and names (unix_name.c). */
#ifndef CRKIT_DUMP_UNIX_H
#define CRKIT_DUMP_UNIX_H

#include "cr-dump/files.h"
#include "cr-dump/unix_diag.h"

#define STATE_CONNECTED 1
#define STATE_LISTEN	10
#define IS_EXTERNAL	1 /* of unix_sk_entry.uflags: of a process outside the tree */

struct unixes {
	struct unix_list all;	  /* of the network namespace */
	struct open_file **socks; /* of the tree, the refused ones as well */
	size_t nr_socks;
};

/* Where a socket's queue is read. */
struct queue_of {
	struct dump_ctx *ctx;
	struct open_file *of;
	int fd, type;
	bool shut;    /* for reading: after the last message the queue ends */
	size_t bytes; /* in it, of a stream with an error that a look at the end would take away; 0: look until the end */
	struct packets *packets;
};

/*
 * Appends the messages in a socket's queue to packets, and makes the descriptors in them files of the dump. The queue is as
 * before. What in it cannot be saved is refused.
 */
int unix_queue_save(const struct queue_of *q, struct err *e);

/* Has a socket this abstract name now? Tried by having it for a moment. */
bool unix_name_taken(int type, const uint8_t *name, size_t len);

/* Name, and for one in the file system where its file is; refuses what could not be found again. */
int unix_name_save(struct dump_ctx *ctx, struct open_file *of, int fd, const struct unix_facts *u, UnixSkEntry *r,
		   struct err *e);

/* All sockets of the tree are known: finds the other ends; refuses what leads out of the tree. unix_look.c */
int unix_looked(struct dump_ctx *ctx, struct err *e);

#endif
