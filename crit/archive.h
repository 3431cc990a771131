/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The members of an archive, by libarchive. It is loaded only when there is an archive to read: loading it takes longer than all
 * else that crit does.
 */
#ifndef CRKIT_CRIT_ARCHIVE_H
#define CRKIT_CRIT_ARCHIVE_H

#include <stddef.h>

#include "crit/source.h"

struct member {
	char *name; /* as the archive has it, without "./" in front */
	struct part part;
};

struct members {
	struct member *list;
	size_t nr;
	int fd;	      /* the archive */
	int expanded; /* an unnamed file with what the archive holds compressed or with holes */
};

/* Lists the regular files in the archive at descriptor `fd`, which is taken, also on failure. `path` is for errors. */
int members_list(int fd, const char *path, struct members *ret, struct err *e);
void members_free(struct members *m);

#endif
