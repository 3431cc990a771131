// SPDX-License-Identifier: GPL-2.0-only
/* Open files of the console and of a virtual terminal, by nodes of their own. */
#include <sys/sysmacros.h>

#include "test/crtest-tty.h"

static const unsigned int numbers[2][2] = { { 5, 1 }, { 4, 5 } };
static int fds[2];

static void arrange(void)
{
	for (int i = 0; i < 2; i++) {
		char name[16];

		snprintf(name, sizeof(name), "console-%d", i);
		unlink(name);
		must(mknod(name, S_IFCHR | 0600, makedev(numbers[i][0], numbers[i][1])));
		fds[i] = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
		if (fds[i] < 0)
			skip("device %u:%u cannot be opened: %s", numbers[i][0], numbers[i][1], strerror(errno));
	}
}

static void verify(void)
{
	for (int i = 0; i < 2; i++) {
		struct stat st;

		must(fstat(fds[i], &st));
		check_eq(st.st_rdev, makedev(numbers[i][0], numbers[i][1]));
		check(isatty(fds[i]));
		check_eq(fcntl(fds[i], F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_NONBLOCK | O_RDWR);
	}
	unlink("console-0");
	unlink("console-1");
}

CRTEST(.about = "console and virtual terminal", .ids = "TTY-9", .arrange = arrange, .verify = verify, .root = true)
