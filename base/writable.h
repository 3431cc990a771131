/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a filesystem that is mounted read-only in one place can be written to: in another one. */
#ifndef CRKIT_WRITABLE_H
#define CRKIT_WRITABLE_H

#include <limits.h>

/*
 * The path of the same entry of the same directory in a mount that is not read-only. When there is none, or no need for one, it is
 * `path` itself. Returns buf.
 */
const char *writable_path(const char *path, char buf[PATH_MAX]);

#endif
