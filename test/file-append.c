// SPDX-License-Identifier: GPL-2.0-only
/* O_APPEND and the other status flags. */
#include "test/crtest.h"

static const int flags[] = { O_RDONLY,
			     O_WRONLY,
			     O_RDWR,
			     O_RDWR | O_SYNC,
			     O_RDONLY | O_NOATIME,
			     O_RDWR | O_NONBLOCK,
			     O_WRONLY | O_APPEND | O_DSYNC };

#define KINDS (sizeof(flags) / sizeof(*flags))

static int plain, append, fds[KINDS], seen[KINDS];

static void arrange(void)
{
	plain = tmp_file("file", 0, 1, O_RDWR);
	append = must(open("file", O_WRONLY | O_APPEND));
	for (size_t i = 0; i < KINDS; i++) {
		fds[i] = must(open("file", flags[i]));
		seen[i] = must(fcntl(fds[i], F_GETFL));
	}
}

static void verify(void)
{
	char two[3] = "";

	for (size_t i = 0; i < KINDS; i++)
		check_eq(fcntl(fds[i], F_GETFL), seen[i]);
	check_eq(write(plain, "1", 1), 1);
	check_eq(write(append, "2", 1), 1);
	check_eq(pread(plain, two, 3, 0), 2);
	check_str(two, "12");
}

CRTEST(.about = "status flags of files", .ids = "FS-4", .arrange = arrange, .verify = verify)
