// SPDX-License-Identifier: GPL-2.0-only
/* Ten deleted files in the root directory, nearly a gigabyte each, of which all but the last megabyte is a hole. */
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "test/crtest.h"

#define FILES	10
#define HOLE	0x3B600000l
#define DATA	(1 << 20)
#define EXTENTS 64

static int fds[FILES];
static char names[FILES][64];
static bool has_fiemap;

/* Bytes of all extents; -1: the filesystem does not tell. The first begins at *first_ret. */
static long extents(int fd, uint64_t *first_ret)
{
	struct fiemap *map = calloc(1, sizeof(*map) + EXTENTS * sizeof(map->fm_extents[0]));
	long bytes = 0;

	must(map ? 0 : -1);
	map->fm_length = FIEMAP_MAX_OFFSET;
	map->fm_flags = FIEMAP_FLAG_SYNC;
	map->fm_extent_count = EXTENTS;
	if (ioctl(fd, FS_IOC_FIEMAP, map))
		bytes = -1;
	for (uint32_t i = 0; i < map->fm_mapped_extents; i++)
		bytes += map->fm_extents[i].fe_length;
	*first_ret = map->fm_extents[0].fe_logical;
	free(map);
	return bytes;
}

static void arrange(void)
{
	static char data[DATA];
	uint64_t first, nr;

	must(getrandom(&nr, sizeof(nr), 0)); /* other tests have the same root directory */
	for (int i = 0; i < FILES; i++) {
		snprintf(names[i], sizeof(names[i]), "/crkit-sparse-%lx-%d", nr, i);
		fds[i] = must(open(names[i], O_RDWR | O_CREAT | O_EXCL, 0600));
		fill_random(data, DATA, i + 1);
		must(unlink(names[i]));
		check_eq(must(pwrite(fds[i], data, DATA, HOLE)), DATA);
	}
	has_fiemap = extents(fds[0], &first) == DATA && first == HOLE;
	if (!has_fiemap)
		printf("the filesystem of the root directory has no FIEMAP, or other extents than were written\n");
}

static void verify_one(int fd, int i)
{
	static char data[DATA];
	char path[32], link[128] = "", want[128];
	struct stat st;
	uint64_t first;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check_in(readlink(path, link, sizeof(link) - 1), 1, sizeof(link) - 1);
	snprintf(want, sizeof(want), "%s (deleted)", names[i]);
	check_str(link, want);
	check_eq(fstat(fd, &st), 0);
	check_eq(st.st_size, HOLE + DATA);
	check_eq(lseek(fd, 0, SEEK_DATA), HOLE);
	check_eq(lseek(fd, HOLE, SEEK_HOLE), HOLE + DATA);
	check_eq(pread(fd, data, DATA, HOLE), DATA);
	check_random(data, DATA, i + 1);
	if (!has_fiemap)
		return;
	check_eq(extents(fd, &first), DATA);
	check_eq(first, HOLE);
}

static void verify(void)
{
	for (int i = 0; i < FILES; i++)
		verify_one(fds[i], i);
}

CRTEST(.about = "large sparse deleted files", .ids = "FS-20", .root = true, .opts = "--ghost-limit 1G",
       .arrange = arrange, .verify = verify)
