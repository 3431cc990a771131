// SPDX-License-Identifier: GPL-2.0-only
/* Progress for people: see progress.h. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/progress.h"

#define FIRST_MS 1000
#define EVERY_MS 100
#define MIB	 (1024.0 * 1024.0)

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static void put(const char *line)
{
	ssize_t n = write(STDERR_FILENO, line, strlen(line));

	(void)n; /* a line for people: its loss harms nothing */
}

void progress_begin(struct progress *p, const char *what, uint64_t total)
{
	p->what = what;
	p->total = total;
	p->start_ms = now_ms();
	p->terminal = isatty(STDERR_FILENO);
	atomic_store(&p->done, 0);
	atomic_store(&p->next_ms, p->start_ms + FIRST_MS);
	atomic_store(&p->shown, false);
}

void progress_add(struct progress *p, uint64_t bytes)
{
	unsigned long long next, done = atomic_fetch_add(&p->done, bytes) + bytes;
	uint64_t now;
	char line[160];

	if (!p->terminal)
		return;
	now = now_ms();
	next = atomic_load(&p->next_ms);
	if (now < next || !atomic_compare_exchange_strong(&p->next_ms, &next, now + EVERY_MS))
		return;
	snprintf(line, sizeof(line), "\r%s: %.0f of %.0f MiB, %.0f MiB/s \033[K", p->what, done / MIB, p->total / MIB,
		 done / MIB * 1000 / (now - p->start_ms));
	put(line);
	atomic_store(&p->shown, true);
}

void progress_end(struct progress *p)
{
	if (atomic_load(&p->shown))
		put("\r\033[K");
}
