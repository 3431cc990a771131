/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of crit core share. */
#ifndef CRKIT_CRIT_CORE_H
#define CRKIT_CRIT_CORE_H

#include "crit/target.h"

/* The process that a core is made of. */
struct corpse {
	struct checkpoint c;
	const PstreeEntry *task;
	struct memory *m;
	CoreEntry *leader;   /* what it says of the process; its own registers are in threads */
	CoreEntry **threads; /* those that are alive; the leader first, if it is */
	uint32_t *tids;
	size_t nr_threads;
};

/* The notes of the core file: what is known of process and threads. The caller frees. */
int core_notes(const struct corpse *p, char **ret, size_t *size_ret, struct err *e);

/* A stretch of memory of the core file: one program header. */
struct segment {
	uint64_t addr, size, at; /* bytes; where in the file */
	uint32_t prot;		 /* PROT_* */
	enum {
		SEGMENT_ABSENT, /* not in the file */
		SEGMENT_BYTES,
		SEGMENT_ZERO, /* at a place that all long stretches of zeroes share */
	} kind;
};

struct segments {
	struct segment *list;
	size_t nr;
	uint64_t zeroes; /* bytes that the longest SEGMENT_ZERO needs */
};

int core_segments(const struct corpse *p, struct segments *ret, struct err *e);

#endif
