/* SPDX-License-Identifier: LGPL-2.1-only */
/* futex(2) on memory shared between processes. */
#ifndef CRKIT_FUTEX_H
#define CRKIT_FUTEX_H

#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Waits while *word == value, at most timeout_ms (-1: no limit). Returns early at will: look again. */
static inline void futex_wait(const uint32_t *word, uint32_t value, int timeout_ms)
{
	struct timespec ts = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

	syscall(SYS_futex, word, FUTEX_WAIT, value, timeout_ms < 0 ? NULL : &ts, NULL, 0);
}

static inline void futex_wake(const uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

#endif
