/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading as much as was asked for: any system call may give less. */
#ifndef CRKIT_IO_H
#define CRKIT_IO_H

#include <sys/types.h>

/* Bytes read: fewer than size only at the end of the file. -1 with errno. */
ssize_t pread_all(int fd, void *buf, size_t size, off_t at);

#endif
