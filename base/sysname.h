/* SPDX-License-Identifier: LGPL-2.1-only */
/* Names of the system calls that we make inside tasks, for messages. */
#ifndef CRKIT_SYSNAME_H
#define CRKIT_SYSNAME_H

#include <stddef.h>

/* "mmap", or "system call 999" for one not in the list; negative numbers are the runner's own operations. Returns buf. */
const char *sysname(int nr, char *buf, size_t size);

#endif
