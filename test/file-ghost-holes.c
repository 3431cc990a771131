// SPDX-License-Identifier: GPL-2.0-only
/* Holes of deleted files stay holes; what counts for the limit is what is allocated. */
#ifndef OPTIONS
#define OPTIONS "--ghost-limit 8M --no-ghost-fiemap"
#endif
#include "test/crtest.h"

#define MANY (8 << 20)

static const struct layout {
	off_t size;
	struct {
		off_t at, len;
	} data[2];
} layouts[] = {
	{ 12288, { { 0, 4096 }, { 8192, 4096 } } },
	{ 16384, { { 0, 4096 }, { 8192, 4096 } } },    /* ends with a hole */
	{ 12288, { { 4096, 4096 }, { 8192, 4096 } } }, /* begins with one */
	{ (1 << 30) + 8192, { { 0, 4096 }, { (1 << 30) + 4096, 4096 } } },
	{ 0x80002000 + 1000000, { { 0x80002000, 1000000 } } },
	{ 123457, { { 0, 0 } } }, /* nothing else */
};
#define NR (int)(sizeof(layouts) / sizeof(*layouts))

static int fds[NR], many;
static blkcnt_t blocks[NR];
static off_t first_data[NR], first_hole[NR];

static void arrange(void)
{
	static char buf[1000000];
	struct stat st;

	for (int i = 0; i < NR; i++) {
		fds[i] = tmp_file("sparse", 0, 1, O_RDWR);
		must(unlink("sparse"));
		must(ftruncate(fds[i], layouts[i].size));
		for (int j = 0; j < 2; j++) {
			fill_random(buf, layouts[i].data[j].len, i * 2 + j);
			must(pwrite(fds[i], buf, layouts[i].data[j].len, layouts[i].data[j].at));
		}
		must(fsync(fds[i]));
		must(fstat(fds[i], &st));
		blocks[i] = st.st_blocks;
		first_data[i] = lseek(fds[i], 0, SEEK_DATA);
		first_hole[i] = lseek(fds[i], 0, SEEK_HOLE);
	}
	many = tmp_file("many", 0, 1, O_RDWR);
	must(unlink("many"));
	must(ftruncate(many, MANY));
	fill_random(buf, PAGE, 99);
	for (off_t at = 0; at < MANY; at += 2 * PAGE)
		must(pwrite(many, buf, PAGE, at));
}

static void verify(void)
{
	static char buf[1000000];
	struct stat st;

	for (int i = 0; i < NR; i++) {
		check_eq(fsync(fds[i]), 0);
		check_eq(fstat(fds[i], &st), 0);
		check_eq(st.st_size, layouts[i].size);
		check_eq(st.st_blocks, blocks[i]);
		check_eq(lseek(fds[i], 0, SEEK_DATA), first_data[i]);
		check_eq(lseek(fds[i], 0, SEEK_HOLE), first_hole[i]);
		for (int j = 0; j < 2; j++) {
			check_eq(pread(fds[i], buf, layouts[i].data[j].len, layouts[i].data[j].at),
				 layouts[i].data[j].len);
			check_random(buf, layouts[i].data[j].len, i * 2 + j);
		}
	}
	for (off_t at = 0; at < MANY; at += 2 * PAGE) {
		check_eq(pread(many, buf, PAGE, at), PAGE);
		check_random(buf, PAGE, 99);
		check_eq(lseek(many, at, SEEK_HOLE), at + PAGE);
		check_eq(lseek(many, at, SEEK_DATA), at);
	}
}

CRTEST(.about = "holes of deleted files", .ids = "FS-19 FS-21 FS-22 FS-24", .dump_opts = OPTIONS, .arrange = arrange,
       .verify = verify)
