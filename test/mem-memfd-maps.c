// SPDX-License-Identifier: GPL-2.0-only
/* A memfd mapped shared, private, in part, by two tasks, and after its descriptor was closed. */
#include "test/crtest.h"

#ifndef UNIT
#define UNIT	   PAGE
#define FLAGS	   0
#define READ_WRITE 1
#define IDS	   "MEM-20"
#define SOLO	   false
#endif

static char *shared, *private, *part, *closed, *untouched;
static char devices[5][32];
static int fd;
static struct task *child;

/* "maj:min" of the mapping that begins at addr. */
static void device_of(const void *addr, char *buf)
{
	char line[512], start[32];
	FILE *f = must(fopen("/proc/self/maps", "r") ?: (FILE *)-1);

	snprintf(start, sizeof(start), "%lx-", (unsigned long)addr);
	buf[0] = '\0';
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, start, strlen(start)))
			sscanf(line, "%*s %*s %*s %31s", buf);
	fclose(f);
	if (!*buf)
		crtest_broken(__FILE__, __LINE__, "no such mapping");
}

static char *map(int file, size_t len, int flags, off_t off)
{
	return must(mmap(NULL, len, PROT_READ | PROT_WRITE, flags, file, off));
}

static void check_child(void *arg)
{
	check_eq(shared[0], 'A');
	check_eq(private[0], 'p'); /* copied on write before the fork */
	check_eq(private[2 * UNIT], 'B');
	shared[3 * UNIT] = 'C';
	private[1] = 'c';
}

static void arrange(void)
{
	int gone;

	fd = memfd_create("maps", FLAGS);
	if (fd < 0)
		skip("no such memfds here: %s", strerror(errno));
	must(ftruncate(fd, 4 * UNIT));
	shared = map(fd, 4 * UNIT, MAP_SHARED, 0);
	private = map(fd, 4 * UNIT, MAP_PRIVATE, 0);
	part = map(fd, UNIT, MAP_SHARED, 2 * UNIT);
	untouched = map(fd, UNIT, MAP_PRIVATE, 3 * UNIT);
	shared[0] = 'a';
	shared[2 * UNIT] = 'b';
	private[0] = 'p';
	gone = must(memfd_create("gone", FLAGS));
	must(ftruncate(gone, UNIT));
	closed = map(gone, UNIT, MAP_SHARED, 0);
	closed[9] = '9';
	must(close(gone));
	child = task_child(NULL, check_child, NULL);
	device_of(shared, devices[0]);
	device_of(private, devices[1]);
	device_of(part, devices[2]);
	device_of(closed, devices[3]);
	device_of(untouched, devices[4]);
}

static void verify(void)
{
	char *const maps[] = { shared, private, part, closed, untouched };
	char device[32];

	for (int i = 0; i < 5; i++) {
		device_of(maps[i], device);
		check_str(device, devices[i]);
	}
	check_eq(shared[0], 'a');
	check_eq(private[0], 'p');
	check_eq(part[0], 'b');
	check_eq(closed[9], '9');
	shared[0] = 'A';
	part[0] = 'B';
	check_eq(shared[2 * UNIT], 'B');
	check_eq(private[2 * UNIT], 'B'); /* untouched private pages follow */
	check_eq(private[0], 'p');
	if (READ_WRITE) {
		char c = 0;

		check_eq(pread(fd, &c, 1, 0), 1);
		check_eq(c, 'A');
	}
	task_join(child);
	check_eq(shared[3 * UNIT], 'C');
	check_eq(untouched[0], 'C');
	check_eq(private[1], 0);
	private[3 * UNIT] = 'x';
	check_eq(shared[3 * UNIT], 'C');
}

CRTEST(.about = "mappings of a memfd", .ids = IDS, .solo = SOLO, .arrange = arrange, .verify = verify)
