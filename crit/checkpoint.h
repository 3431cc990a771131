/* SPDX-License-Identifier: GPL-2.0-only */
/* A checkpoint as the verbs see it: its tasks, its open files, and how both are named. */
#ifndef CRKIT_CRIT_CHECKPOINT_H
#define CRKIT_CRIT_CHECKPOINT_H

#include <stddef.h>

#include "core.pb-c.h"
#include "crit/source.h"
#include "fdinfo.pb-c.h"
#include "mm.pb-c.h"
#include "pstree.pb-c.h"

struct open_file {
	FdTypes type;
	uint32_t id;
	ProtobufCMessage *owner; /* the record, to be freed */
	const void *entry;	 /* the message of that type within it */
};

struct checkpoint {
	struct source *source;
	PstreeEntry **tasks;
	size_t nr_tasks;
	struct open_file *files; /* sorted by type and id; what no view asks for is left out */
	size_t nr_files;
};

/* Opens the directory or archive and reads the tree. */
int checkpoint_open(struct checkpoint *c, const char *path, struct err *e);
void checkpoint_close(struct checkpoint *c);
#define _cleanup_checkpoint_ __attribute__((cleanup(checkpoint_close)))

/* Reads what is needed to name open files. */
int checkpoint_files(struct checkpoint *c, struct err *e);

/* Prints text of an image: on a terminal without the characters that would control it. */
void put_text(const char *s);

/* Prints an open file as people know it: its path, or what kind of object it is. */
void put_file(const struct checkpoint *c, FdTypes type, uint32_t id);

/* The views. */
int view_ps(struct checkpoint *c, struct err *e);
int view_fds(struct checkpoint *c, struct err *e);
int view_mems(struct checkpoint *c, struct err *e);
int view_rss(struct checkpoint *c, struct err *e);

#endif
