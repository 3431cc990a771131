/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the runner needs from the CPU, in arch/<cpu>/start.S. */
#ifndef CRKIT_BLOB_H
#define CRKIT_BLOB_H

#include <stdint.h>

struct run_slot;

int64_t blob_syscall(int64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

/* clone3(2). The child runs runner_main(slot) on the stack that args names and never returns. */
int64_t blob_clone(void *args, uint64_t size, struct run_slot *slot);

void blob_copy(void *dst, const void *src, uint64_t bytes);

/* All vector registers, which have so many bytes. */
void blob_spoil(uint64_t bytes);

void runner_main(struct run_slot *s);

#endif
