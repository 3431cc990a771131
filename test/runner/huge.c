// SPDX-License-Identifier: GPL-2.0-only
/* G-8: huge pages of 2 MiB for the tests. The machine's pool gets what it lacks, for as long as a runner is at work. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "test/runner/run.h"

#define POOL   "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define WANTED 20

static long pool_read(const char *path)
{
	FILE *f = fopen(path, "re");
	long n;

	if (!f || fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

static void pool_set(long pages)
{
	FILE *f = fopen(POOL "nr_hugepages", "we");

	if (f && fprintf(f, "%ld\n", pages) > 0)
		fflush(f);
	if (f)
		fclose(f);
}

/* Gives the pages back when the runner has ended, in whatever way, and with it all others that hold the lock. */
static void keep(int lock, const int alive[2], long added)
{
	char c;

	setsid(); /* Ctrl-C is not for us */
	close(alive[1]);
	dup2(alive[0], STDIN_FILENO);
	/* Nobody is to wait for our end because of these. */
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	if (read(STDIN_FILENO, &c, 1) == 0 && flock(lock, LOCK_EX) == 0)
		pool_set(pool_read(POOL "nr_hugepages") - added);
	_exit(0);
}

void huge_reserve(void)
{
	int lock = open(POOL "nr_hugepages", O_RDONLY | O_CLOEXEC), alive[2];
	long had = pool_read(POOL "nr_hugepages"), lacking = WANTED - pool_read(POOL "free_hugepages"), added;

	/* Where it cannot be had, the tests that need it say so. */
	if (lock < 0 || flock(lock, LOCK_SH) || lacking <= 0 || pipe2(alive, O_CLOEXEC))
		return;
	pool_set(had + lacking);
	added = pool_read(POOL "nr_hugepages") - had;
	if (added > 0 && fork() == 0)
		keep(lock, alive, added);
	close(alive[0]); /* the other end stays open until we end */
}
