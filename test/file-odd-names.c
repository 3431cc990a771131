// SPDX-License-Identifier: GPL-2.0-only
/* File names with quotes, newlines, bytes that are no UTF-8, "(deleted)" at the end; a file renamed, and one linked twice. */
#include "test/crtest.h"

static const char *const names[] = {
	"with space", "new\nline", "quote\"'\\", "\xff\xfe\x80", "really (deleted)", "%s%n"
};

#define NAMES (sizeof(names) / sizeof(*names))

static int fds[NAMES], renamed, linked;

static void arrange(void)
{
	for (size_t i = 0; i < NAMES; i++)
		fds[i] = tmp_file(names[i], 8, i + 1, O_RDONLY);
	renamed = tmp_file("old", 8, 50, O_RDONLY);
	must(rename("old", "new"));
	linked = tmp_file("first", 8, 60, O_RDONLY);
	must(link("first", "second"));
}

static void same(int fd, const char *name, int seed)
{
	struct stat a, b;
	char data[8];

	check_eq(fstat(fd, &a), 0);
	check_eq(stat(name, &b), 0);
	check(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	check_eq(read(fd, data, 8), 8);
	check_random(data, 8, seed);
}

static void verify(void)
{
	for (size_t i = 0; i < NAMES; i++)
		same(fds[i], names[i], i + 1);
	same(renamed, "new", 50);
	same(linked, "first", 60);
}

CRTEST(.about = "odd file names", .arrange = arrange, .verify = verify)
