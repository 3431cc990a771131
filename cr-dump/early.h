/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be done before the tree stands still, so that it stands still for a shorter time: when it has many descriptors, the files of
 * /proc/PID/fdinfo are opened and the names of what is open are read. All of it are hints: a text is read when the tree stands
 * still, and then a name counts only if it leads to the file. What has changed in between is looked at as if nothing had been done.
 */
#ifndef CRKIT_DUMP_EARLY_H
#define CRKIT_DUMP_EARLY_H

#include "cr-dump/dump.h"

struct early_fd {
	int number;
	int fd;	    /* of its fdinfo; whoever reads it closes it. -1: there are too many */
	char *name; /* NULL: none that leads anywhere */
};

struct early_table {
	pid_t pid;
	struct early_fd *fds;
	size_t nr;
};

void early_begin(struct dump_ctx *ctx);
/* Of a task, or NULL. */
struct early_table *early_table(const struct dump_ctx *ctx, const struct task *t);
void early_end(struct dump_ctx *ctx);

#endif
