/* SPDX-License-Identifier: GPL-2.0-only */
/* What sock_diag(7) tells of unix sockets. */
#ifndef CRKIT_DUMP_UNIX_DIAG_H
#define CRKIT_DUMP_UNIX_DIAG_H

#include "cr-dump/dump.h"

struct unix_facts {
	uint32_t ino;
	uint32_t peer;	  /* inode of the other end; 0: it is closed, or not accepted yet */
	uint32_t unsent;  /* bytes of memory that what it sent still occupies; of a listening one: the backlog */
	uint32_t waiting; /* connections that wait to be accepted */
	uint8_t type;	  /* SOCK_STREAM and so on */
	uint8_t state;	  /* 1 connected, 7 not, 10 listening */
	uint8_t shutdown; /* RCV_SHUTDOWN 1, SEND_SHUTDOWN 2 */
	bool has_peer;
	const uint8_t *name; /* as in sun_path; NULL: none */
	uint32_t name_len;
	const uint32_t *icons; /* inodes of the other ends of those; 0: closed since */
	uint32_t nr_icons;
};

struct unix_list {
	struct unix_facts *facts; /* by ino */
	size_t nr;
};

int unix_list(struct dump_ctx *ctx, struct unix_list *list, struct err *e);
const struct unix_facts *unix_find(const struct unix_list *list, uint32_t ino);

#endif
