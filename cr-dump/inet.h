/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the IP socket kind share. */
#ifndef CRKIT_DUMP_INET_H
#define CRKIT_DUMP_INET_H

#include "cr-dump/files.h"

/* How a UDP socket with these addresses is shut down; *how is what poll(2) tells, and stays if the kernel has no udp_diag. inet_diag.c */
int inet_diag_shutdown(const InetSkEntry *r, int *how, struct err *e);

/* Packets in the queue of a datagram socket; refused where they could not be put there again. inet_queue.c */
int inet_queue_save(struct dump_ctx *ctx, struct open_file *of, int fd, InetSkEntry *r, struct err *e);

#endif
