// SPDX-License-Identifier: GPL-2.0-only
/* O_PATH descriptors of what cannot be opened: a symbolic link, a FIFO. */
#include "test/crtest.h"

static int link_fd, fifo;

static void arrange(void)
{
	must(symlink("where/it/points", "link"));
	link_fd = must(open("link", O_PATH | O_NOFOLLOW | O_CLOEXEC));
	must(mkfifo("fifo", 0600));
	fifo = must(open("fifo", O_PATH));
}

static void verify(void)
{
	struct stat st;
	char to[64];

	check_eq(fstat(link_fd, &st), 0);
	check(S_ISLNK(st.st_mode));
	check_eq(readlinkat(link_fd, "", to, sizeof(to)), 15);
	check_mem(to, "where/it/points", 15);
	check_eq(fcntl(link_fd, F_GETFL), O_PATH | O_NOFOLLOW);
	check_eq(fcntl(fifo, F_GETFL), O_PATH);
	check_eq(fstat(fifo, &st), 0);
	check(S_ISFIFO(st.st_mode));
}

CRTEST(.about = "O_PATH of a symbolic link", .ids = "FS-9", .arrange = arrange, .verify = verify)
