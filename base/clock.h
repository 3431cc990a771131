/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CRKIT_CLOCK_H
#define CRKIT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

/* Microseconds of CLOCK_MONOTONIC. */
static inline uint64_t now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

#endif
