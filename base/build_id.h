/* SPDX-License-Identifier: GPL-2.0-only */
/* The build id of a program or a library. */
#ifndef CRKIT_BUILD_ID_H
#define CRKIT_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BUILD_ID_WORDS 16

/* Its bytes, as words in memory. The file begins at offset `at` of fd. Returns their number: 0 when the file has none. */
size_t build_id_read(int fd, off_t at, uint32_t *words, size_t max);

#endif
