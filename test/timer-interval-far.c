// SPDX-License-Identifier: GPL-2.0-only
/* One-shot interval timers of an hour have most of it left. */
#include <sys/time.h>

#include "test/crtest.h"

static void arrange(void)
{
	struct itimerval v = { .it_value.tv_sec = 3600 };

	for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
		must(setitimer(which, &v, NULL));
}

static void verify(void)
{
	for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
		struct itimerval v;

		check_eq(getitimer(which, &v), 0);
		check_in(v.it_value.tv_sec, 3300, 3600);
		check_eq(v.it_interval.tv_sec, 0);
		check_eq(v.it_interval.tv_usec, 0);
	}
}

CRTEST(.about = "interval timers far from expiry", .ids = "TM-2", .arrange = arrange, .verify = verify)
