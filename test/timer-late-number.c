// SPDX-License-Identifier: GPL-2.0-only
/* POSIX timers that were made after thousands of others, which are gone: their numbers. */
#include "test/crtest.h"

static int ids[2];

static void make(int *id)
{
	struct itimerspec v = { .it_value.tv_sec = 100000 };
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };

	for (int i = 0; i < 1500; i++) {
		must(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, id));
		must(syscall(SYS_timer_delete, *id));
	}
	must(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, id));
	must(syscall(SYS_timer_settime, *id, 0, &v, NULL));
}

static void arrange(void)
{
	make(&ids[0]);
	make(&ids[1]);
}

static void verify(void)
{
	for (int i = 0; i < 2; i++) {
		struct itimerspec v;

		check_in(ids[i], 1500 * (i + 1), 2000 * (i + 1));
		check_eq(syscall(SYS_timer_gettime, ids[i], &v), 0);
		check_in(v.it_value.tv_sec, 99000, 100000);
		check_eq(syscall(SYS_timer_delete, ids[i]), 0);
	}
}

CRTEST(.about = "POSIX timers with high numbers", .ids = "TM-3", .arrange = arrange, .verify = verify)
