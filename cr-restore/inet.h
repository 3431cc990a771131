/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the IP socket kind share. */
#ifndef CRKIT_RESTORE_INET_H
#define CRKIT_RESTORE_INET_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "cr-restore/files.h"

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

void inet_queue_check(struct restore_ctx *ctx, const InetSkEntry *r);
/* The packets that were in the queue of a bound UDP socket arrive there again. */
int inet_queue_fill(struct restore_ctx *ctx, const InetSkEntry *r, int fd, struct err *e);

#endif
