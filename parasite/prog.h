/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The program builder: writes run_ops and their data into an area of memory shared with a task, and reads the results.
 *
 * An area is [slot | ops -> ... <- data]: ops grow up, data grow down, and when they would meet the builder marks the program
 * as overflown, which prog_ready() reports. Addresses in a program are the task's; addresses of results are ours.
 */
#ifndef CRKIT_PROG_H
#define CRKIT_PROG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "parasite/runner.h"

/* Memory shared between the thinker (at local) and a task (at remote). */
struct run_area {
	char *local;
	uint64_t remote;
	size_t size;
};

struct prog {
	struct run_area area;
	struct run_slot *slot;
	struct run_op *ops;
	uint32_t nr, first;
	size_t data; /* offset of the lowest byte of data in the area */
	bool overflow;
};

/* Makes the area's slot ready for its first program. bell: remote address of the doorbell, 0 for none. */
void run_area_init(const struct run_area *a, uint64_t bell);

/* Begins an empty program. The one before must have ended. */
void prog_begin(struct prog *p, const struct run_area *a);

/* Appends one op and returns its index. The variadic form fills missing arguments with 0. */
uint32_t prog_op(struct prog *p, int32_t nr, const uint64_t arg[6]);
#define PROG(p, nr, ...) prog_op(p, nr, (const uint64_t[6]){ __VA_ARGS__ })

/* The last op: what it must return (default: no error), or that its failure does not end the program. */
void prog_exact(struct prog *p, int64_t value);
void prog_any(struct prog *p);
void prog_or_exit(struct prog *p); /* its failure ends the whole task */

/* Argument `arg` of the last op is the result of op `index`. */
void prog_ref(struct prog *p, unsigned int arg, uint32_t index);

/* Room for data, 16-byte aligned and zeroed. Returns its address in the task; *local is ours (NULL is fine). 0: overflow. */
uint64_t prog_room(struct prog *p, size_t size, void *local_ret);
uint64_t prog_bytes(struct prog *p, const void *bytes, size_t size);
uint64_t prog_str(struct prog *p, const char *s);

/* Do n more ops and `bytes` more bytes of data fit? For programs that are run in several pieces. */
bool prog_fits(const struct prog *p, uint32_t n, size_t bytes);

/* Its next run begins with this op, whose arguments may have been changed: all before it have succeeded. */
void prog_go_on(struct prog *p, uint32_t index);

/* Bytes of the program's data, which are at `remote` in the task. */
void *prog_local(const struct prog *p, uint64_t remote);

/* Fills in the slot; the program can be started by run_go(). */
int prog_ready(struct prog *p, struct err *e);

void run_go(struct prog *p);	     /* hands the program to the runner */
bool run_done(const struct prog *p); /* has it ended? */

/*
 * After run_done: from now on what is read of the program is a copy of it at `to`, which has room for the whole area. Others may
 * be able to write in the area, all the time: whoever can write in the task's memory.
 */
void prog_keep(struct prog *p, char *to);

/* After run_done: did it run through? Otherwise -1 and an error that names the system call that failed. */
int prog_check(const struct prog *p, struct err *e);

static inline int64_t prog_result(const struct prog *p, uint32_t index)
{
	return p->ops[index].ret;
}

#endif
