// SPDX-License-Identifier: GPL-2.0-only
/* /proc/self/cmdline, environ and auxv read back byte for byte. */
#include "test/crtest.h"

static const char *const files[] = { "/proc/self/cmdline", "/proc/self/environ", "/proc/self/auxv" };
static char before[3][65536];
static size_t sizes[3];

static void arrange(void)
{
	for (int i = 0; i < 3; i++)
		sizes[i] = read_file(files[i], before[i], sizeof(before[i]));
	check(memmem(before[0], sizes[0], "\0two words\0\0", 12));
}

static void verify(void)
{
	static char after[65536];

	for (int i = 0; i < 3; i++) {
		check_eq(read_file(files[i], after, sizeof(after)), sizes[i]);
		check_mem(after, before[i], sizes[i]);
	}
}

CRTEST(.about = "arguments, environment, auxiliary vector", .ids = "PT-2", .root = true, .arrange = arrange,
       .verify = verify)
