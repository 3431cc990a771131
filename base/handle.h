/* SPDX-License-Identifier: GPL-2.0-only */
/* Files by their handle, see open_by_handle_at(2). */
#ifndef CRKIT_BASE_HANDLE_H
#define CRKIT_BASE_HANDLE_H

#include <stddef.h>

/*
 * Opens (O_PATH) what a handle of len bytes, MAX_HANDLE_SZ at most, means on the file system that is mounted at mount. Needs
 * CAP_DAC_READ_SEARCH, and is for a process of one thread: its working directory is elsewhere meanwhile. Returns the descriptor,
 * or -1 with errno.
 */
int handle_open(const char *mount, int type, const void *handle, size_t len);

#endif
