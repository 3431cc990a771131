// SPDX-License-Identifier: GPL-2.0-only
/* A file written and closed, one half read, one half written; files larger than 4 GiB; positions past the end. */
#include "test/crtest.h"

#define SIZE 1000000

static int half_read, half_written, far;
static char data[SIZE];

static void arrange(void)
{
	static char buf[SIZE / 2];

	close(tmp_file("written", SIZE, 1, O_RDONLY));
	half_read = tmp_file("half-read", SIZE, 2, O_RDONLY);
	check_eq(read(half_read, buf, sizeof(buf)), sizeof(buf));
	half_written = must(open("half-written", O_WRONLY | O_CREAT | O_TRUNC, 0600));
	fill_random(data, SIZE, 3);
	check_eq(write(half_written, data, SIZE / 2), SIZE / 2);
	far = must(open("far", O_RDWR | O_CREAT, 0600));
	must(lseek(far, 5ll << 30, SEEK_SET));
}

static void verify(void)
{
	static char buf[SIZE + 8];

	check_eq(read_file("written", buf, sizeof(buf)), SIZE);
	check_random(buf, SIZE, 1);
	check_eq(read(half_read, buf + SIZE / 2, SIZE / 2 + 8), SIZE / 2);
	check_eq(pread(half_read, buf, SIZE / 2, 0), SIZE / 2);
	check_random(buf, SIZE, 2);
	check_eq(write(half_written, data + SIZE / 2, SIZE / 2), SIZE / 2);
	check_eq(read_file("half-written", buf, sizeof(buf)), SIZE);
	check_random(buf, SIZE, 3);
	check_eq(lseek(far, 0, SEEK_CUR), 5ll << 30);
	check_eq(write(far, "x", 1), 1);
	check_eq(lseek(far, 0, SEEK_END), (5ll << 30) + 1);
}

CRTEST(.about = "positions in regular files", .ids = "FS-1", .arrange = arrange, .verify = verify)
