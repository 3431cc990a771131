/* SPDX-License-Identifier: GPL-2.0-only */
/* What the victim of the failure tests and its watchers share: the board, a file that both map. */
#ifndef FAIL_VICTIM_H
#define FAIL_VICTIM_H

#include <stdint.h>

#define MAX_SLOTS 256
/* Every fourth task has another process, which shares its descriptor table and directories. */
#define SHADOWS(tasks) (((tasks) + 2) / 4)

/* One per thread, written by that thread only. */
struct slot {
	int32_t pid, tid;
	uint32_t idle; /* sleeps all the time: its count stands still */
	uint32_t errors;
	uint64_t count; /* loops done, each of them a check */
	uint64_t gap;	/* nanoseconds for which a clock stood; whoever reads it begins anew */
	char what[16];
	char text[208]; /* the first error */
};

struct board {
	uint32_t stop;	   /* everybody: verify for the last time and end */
	uint32_t nr_slots; /* taken so far */
	uint32_t nr_tasks; /* that are set up */
	uint32_t complete; /* the whole tree is set up */
	struct slot slots[MAX_SLOTS];
};

/* In the working directory, with the number of the process behind it. */
#define SOCKET_NAME "socket-"

#endif
