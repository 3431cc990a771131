// SPDX-License-Identifier: GPL-2.0-only
/* An eventfd keeps its counter and its O_NONBLOCK flag, one in semaphore mode its mode. */
#include <sys/eventfd.h>

#include "test/crtest.h"

static int efd, sem;

static void arrange(void)
{
	uint64_t v = 30;

	efd = must(eventfd(30, EFD_NONBLOCK));
	must(write(efd, &v, sizeof(v)));
	must(write(efd, &v, sizeof(v)));
	sem = must(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE | EFD_CLOEXEC));
}

static void verify(void)
{
	uint64_t v = 0;

	check_eq(read(efd, &v, sizeof(v)), sizeof(v));
	check_eq(v, 90);
	check_fails(read(efd, &v, sizeof(v)), EAGAIN);
	check_eq(read(sem, &v, sizeof(v)), sizeof(v));
	check_eq(v, 1);
	check_eq(read(sem, &v, sizeof(v)), sizeof(v));
	check_fails(read(sem, &v, sizeof(v)), EAGAIN);
	check_eq(fcntl(sem, F_GETFD), FD_CLOEXEC);
}

CRTEST(.about = "eventfd counter, flags and semaphore mode", .ids = "EV-3", .arrange = arrange, .verify = verify)
