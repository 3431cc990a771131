// SPDX-License-Identifier: GPL-2.0-only
/* Hundreds of POSIX timers, some of them deleted in between: ids, intervals and what is left. */
#include "test/crtest.h"

#define NR 700

static int ids[NR];

static void arrange(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };

	for (int i = 0; i < NR; i++) {
		struct itimerspec v = { .it_value.tv_sec = 100000 + i, .it_interval.tv_sec = i };

		must(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &ids[i]));
		must(syscall(SYS_timer_settime, ids[i], 0, &v, NULL));
	}
	for (int i = 0; i < NR; i += 7)
		must(syscall(SYS_timer_delete, ids[i]));
}

static void verify(void)
{
	for (int i = 0; i < NR; i++) {
		struct itimerspec v;

		if (!(i % 7)) {
			check_fails(syscall(SYS_timer_gettime, ids[i], &v), EINVAL);
			continue;
		}
		check_eq(syscall(SYS_timer_gettime, ids[i], &v), 0);
		check_eq(v.it_interval.tv_sec, i);
		check_in(v.it_value.tv_sec, 99000 + i, 100000 + i);
	}
}

CRTEST(.about = "hundreds of POSIX timers", .ids = "TM-3", .arrange = arrange, .verify = verify)
