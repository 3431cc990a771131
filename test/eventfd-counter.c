// SPDX-License-Identifier: GPL-2.0-only
/* An eventfd keeps its counter and its O_NONBLOCK flag. */
#include <sys/eventfd.h>

#include "test/crtest.h"

static int efd;

static void arrange(void)
{
	uint64_t v = 30;

	efd = must(eventfd(30, EFD_NONBLOCK));
	must(write(efd, &v, sizeof(v)));
	must(write(efd, &v, sizeof(v)));
}

static void verify(void)
{
	uint64_t v = 0;

	check_eq(read(efd, &v, sizeof(v)), sizeof(v));
	check_eq(v, 90);
	check_fails(read(efd, &v, sizeof(v)), EAGAIN);
}

CRTEST(.about = "eventfd counter and flags", .ids = "EV-3", .arrange = arrange, .verify = verify)
