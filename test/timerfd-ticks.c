// SPDX-License-Identifier: GPL-2.0-only
/* Expirations of timerfds that nobody has read yet are read after the restore, and the timers go on in their rhythm. */
#include <poll.h>
#include <sys/timerfd.h>

#include "test/crtest.h"

static int once, often, slow, wall;
static uint64_t wall_ns;

static int timer(int clock, int flags, double value, double interval)
{
	struct itimerspec its = { { interval, (interval - (int)interval) * 1e9 },
				  { value, (value - (long)value) * 1e9 } };
	int fd = must(timerfd_create(clock, TFD_NONBLOCK));

	must(timerfd_settime(fd, flags, &its, NULL));
	return fd;
}

static void arrange(void)
{
	struct timespec now;

	once = timer(CLOCK_MONOTONIC, 0, 0.001, 0);
	often = timer(CLOCK_MONOTONIC, 0, 0.001, 0.1);
	slow = timer(CLOCK_BOOTTIME, 0, 0.00005, 4);
	must(clock_gettime(CLOCK_REALTIME, &now));
	/* Every second, half a second after the full one. */
	wall = must(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	wall_ns = now.tv_sec * 1000000000ull + 1500000000;
	must(timerfd_settime(wall, TFD_TIMER_ABSTIME, &(struct itimerspec){ { 1, 0 }, { now.tv_sec + 1, 500000000 } },
			     NULL));
	usleep(1050000);
}

/* How often the one by the time on the wall has fired since it was set. */
static uint64_t due_by_now(void)
{
	struct timespec now;

	check_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
	return (now.tv_sec * 1000000000ull + now.tv_nsec - wall_ns) / 1000000000 + 1;
}

static void verify(void)
{
	struct pollfd pfd = { wall, POLLIN, 0 };
	struct itimerspec its;
	struct timespec now;
	uint64_t n, due;
	long at = 0;

	check_eq(read(once, &n, sizeof(n)), sizeof(n));
	check_eq(n, 1);
	check_fails(read(once, &n, sizeof(n)), EAGAIN);
	check_eq(timerfd_gettime(once, &its), 0);
	check_eq(its.it_value.tv_sec, 0);
	check_eq(its.it_value.tv_nsec, 0);

	check_eq(read(often, &n, sizeof(n)), sizeof(n));
	check_in(n, 11, 600);
	check_eq(timerfd_gettime(often, &its), 0);
	check_eq(its.it_interval.tv_nsec, 100000000);
	check_eq(its.it_value.tv_sec, 0);
	check_in(its.it_value.tv_nsec, 1, 100000000);

	check_eq(read(slow, &n, sizeof(n)), sizeof(n));
	check_in(n, 1, 15);
	check_eq(timerfd_gettime(slow, &its), 0);
	check_eq(its.it_interval.tv_sec, 4);

	/* Nothing of the time in between is forgotten, and the next one comes when it is due. */
	check_eq(poll(&pfd, 1, 5000), 1);
	due = due_by_now();
	check_eq(read(wall, &n, sizeof(n)), sizeof(n));
	check_in(n, due, due_by_now());
	for (int i = 0; i < 100 && !(at >= 499000000 && at <= 501000000);
	     i++) { /* who is busy may take long in between */
		check_eq(timerfd_gettime(wall, &its), 0);
		check_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
		at = (now.tv_nsec + its.it_value.tv_nsec) % 1000000000;
	}
	check_in(at, 499000000, 501000000);
}

CRTEST(.about = "unread expirations of timerfds", .ids = "TM-5", .arrange = arrange, .verify = verify)
