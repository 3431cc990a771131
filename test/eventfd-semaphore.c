// SPDX-License-Identifier: GPL-2.0-only
/* An eventfd in semaphore mode keeps its mode and FD_CLOEXEC. */
#include <sys/eventfd.h>

#include "test/crtest.h"

static int sem;

static bool mode_is_told(void)
{
	char path[64], text[512] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", sem);
	fd = must(open(path, O_RDONLY | O_CLOEXEC));
	must(read(fd, text, sizeof(text) - 1));
	close(fd);
	return strstr(text, "eventfd-semaphore");
}

static void arrange(void)
{
	sem = must(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE | EFD_CLOEXEC));
	if (!mode_is_told())
		skip("this kernel does not tell the mode of an eventfd (Linux 6.5 does)");
}

static void verify(void)
{
	uint64_t v = 0;

	check_eq(read(sem, &v, sizeof(v)), sizeof(v));
	check_eq(v, 1);
	check_eq(read(sem, &v, sizeof(v)), sizeof(v));
	check_eq(v, 1);
	check_fails(read(sem, &v, sizeof(v)), EAGAIN);
	check_eq(fcntl(sem, F_GETFD), FD_CLOEXEC);
}

CRTEST(.about = "an eventfd in semaphore mode", .ids = "EV-3", .arrange = arrange, .verify = verify)
