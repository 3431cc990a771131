/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What waits in a pseudo-terminal. There is no way to look at it: it can only be read, which takes it away, and put back. Both tools
 * put it there by the same steps: cr-dump to leave the terminal as it was found, cr-restore to make it so.
 *
 * Bytes go in by TIOCSTI, which is done when it returns, stops at no output that is stopped, and needs CAP_SYS_ADMIN.
 */
#ifndef CRKIT_PTYQUEUE_H
#define CRKIT_PTYQUEUE_H

#include <asm/termbits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What a line discipline holds; the rest of a queue is still to be processed by it. */
#define PTY_DISCIPLINE_MAX 4095

enum pty_flow { PTY_FLOWS, PTY_STOPPED_BY_CHARACTER, PTY_STOPPED_BY_CALL };

/* Both ends must be open, the slave without O_NONBLOCK being of importance. */
struct pty_ends {
	int master, slave;
};

struct pty_state {
	struct termios2 settings;
	enum pty_flow flow;
	bool packets;	       /* TIOCPKT */
	uint8_t packet_status; /* TIOCPKT_*: what the master is to be told */
	const uint8_t *output; /* to be read at the master */
	const uint8_t *input;  /* to be read at the slave */
	const uint32_t
		*lines; /* in canonical mode: the input by reads that it takes, but for the line that is not ended */
	size_t nr_output, nr_input, nr_lines;
	size_t unprocessed; /* bytes at the end of the input that the line discipline has not seen */
};

/* The state of a pty whose queues are empty, in packet mode or not. */
int pty_put(const struct pty_ends *p, const struct pty_state *s, struct err *e);

/* The settings under which bytes pass the line discipline as they are; in canonical mode by lines, if it is canonical. */
struct termios2 pty_transparent(const struct termios2 *settings, bool canonical);
bool pty_is_canonical(const struct termios2 *settings);
bool pty_ends_line(const struct termios2 *settings, uint8_t c);

/* Bytes of the input that the line discipline holds when all of it has this length; `first` is the length of the first line. */
size_t pty_processed(size_t length, size_t first);

/*
 * Closes what may be the only open slave, so that the master does not see the last one go: for a pty whose slave nobody had opened
 * yet. The master is left locked as it was.
 */
int pty_close_unseen(struct pty_ends *p, struct err *e);

#endif
