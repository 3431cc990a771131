// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limits that dump and restore are measured against, on this machine and in this run: limit write FILE MIB writes so much
 * memory to a new file, limit read FILE MIB reads it into fresh memory. Prints microseconds.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STEP (1ul << 20)

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

static char *memory(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

int main(int argc, char **argv)
{
	size_t size = argc == 4 ? (size_t)atoi(argv[3]) << 20 : 0;
	int writes = argc == 4 && !strcmp(argv[1], "write");
	char *p = memory(size + STEP);
	double start;
	int fd;

	if (!size)
		return 2;
	for (size_t i = 0; writes && i < size; i += 64)
		p[i] = i >> 6;
	start = now_us();
	fd = writes ? open(argv[2], O_WRONLY | O_CREAT | O_EXCL, 0600) : open(argv[2], O_RDONLY);
	for (size_t at = 0; at < size; at += STEP)
		if ((writes ? pwrite(fd, p + at, STEP, at) : pread(fd, p + at, STEP, at)) != (ssize_t)STEP)
			return 1;
	printf("%.0f\n", now_us() - start);
	return 0;
}
