// SPDX-License-Identifier: GPL-2.0-only
/* Files that are open or mapped keep size, modification time and mode: dump and restore do not write to them. */
#include "test/crtest.h"

static struct stat before[2];
static int fd;
static char *map;

static void look(struct stat st[2])
{
	check_eq(stat("open", &st[0]), 0);
	check_eq(stat("mapped", &st[1]), 0);
}

static void arrange(void)
{
	int mapped = tmp_file("mapped", PAGE, 1, O_RDWR);

	fd = tmp_file("open", 100, 2, O_RDWR | O_APPEND);
	map = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mapped, 0));
	close(mapped);
	map[7]++;
	must(msync(map, PAGE, MS_SYNC));
	look(before);
}

static void verify(void)
{
	struct stat now[2];

	look(now);
	for (int i = 0; i < 2; i++) {
		check_eq(now[i].st_ino, before[i].st_ino);
		check_eq(now[i].st_size, before[i].st_size);
		check_eq(now[i].st_mode, before[i].st_mode);
		check_eq(now[i].st_mtim.tv_sec, before[i].st_mtim.tv_sec);
		check_eq(now[i].st_mtim.tv_nsec, before[i].st_mtim.tv_nsec);
	}
	check_eq(write(fd, "x", 1), 1);
	map[8]++;
}

CRTEST(.about = "files are left as they are", .ids = "FS-29", .arrange = arrange, .verify = verify)
