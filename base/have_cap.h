/* SPDX-License-Identifier: LGPL-2.1-only */
/* Does this process have a capability in effect? */
#ifndef CRKIT_HAVE_CAP_H
#define CRKIT_HAVE_CAP_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

/* The calling thread's effective set, as one word. 0 when it cannot be read. */
uint64_t own_caps(void);

static inline bool have_cap(int cap)
{
	return own_caps() & 1ULL << cap;
}

#endif
