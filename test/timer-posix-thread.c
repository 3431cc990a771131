// SPDX-License-Identifier: GPL-2.0-only
/* A periodic timer whose expirations go to a thread of the C library. */
#include <sys/eventfd.h>

#include "test/crtest.h"

static int events;
static timer_t timer;

static void on_timer(union sigval v)
{
	uint64_t one = 1;
	ssize_t n = write(v.sival_int, &one, sizeof(one));

	(void)n;
}

static void arrange(void)
{
	struct itimerspec v = { .it_interval.tv_nsec = 10000000, .it_value.tv_nsec = 10000000 };
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer };

	events = must(eventfd(0, 0));
	ev.sigev_value.sival_int = events;
	must(timer_create(CLOCK_MONOTONIC, &ev, &timer));
	must(timer_settime(timer, 0, &v, NULL));
}

static void verify(void)
{
	struct itimerspec v;
	uint64_t n;

	check_eq(timer_gettime(timer, &v), 0);
	check_eq(v.it_interval.tv_sec, 0);
	check_eq(v.it_interval.tv_nsec, 10000000);
	check_eq(read(events, &n, sizeof(n)), sizeof(n));
	for (int i = 0; i < 3; i++)
		check_eq(read(events, &n, sizeof(n)), sizeof(n));
}

CRTEST(.about = "timer that notifies a thread", .ids = "TM-4", .busy = true, .arrange = arrange, .verify = verify)
