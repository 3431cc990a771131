// SPDX-License-Identifier: GPL-2.0-only
/* FD_CLOEXEC, set and cleared in each of the ways there are; descriptors with high numbers and gaps between them. */
#include "test/crtest.h"

static int fds[6];

static void arrange(void)
{
	fds[0] = must(open(".", O_RDONLY | O_CLOEXEC));
	fds[1] = must(open(".", O_RDONLY));
	fds[2] = must(dup(fds[0]));
	fds[3] = must(fcntl(fds[1], F_DUPFD_CLOEXEC, 300));
	fds[4] = must(dup3(fds[0], 1023, O_CLOEXEC));
	fds[5] = must(dup2(fds[0], 777));
}

static void verify(void)
{
	static const int want[] = { FD_CLOEXEC, 0, 0, FD_CLOEXEC, FD_CLOEXEC, 0 };

	for (int i = 0; i < 6; i++)
		check_eq(fcntl(fds[i], F_GETFD), want[i]);
	check_fails(fcntl(776, F_GETFD), EBADF);
}

CRTEST(.about = "close-on-exec", .ids = "FS-6", .arrange = arrange, .verify = verify)
