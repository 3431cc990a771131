// SPDX-License-Identifier: GPL-2.0-only
/* Timerfds of every clock keep their time: relative, absolute, with interval, cancelled when the clock is set, disarmed. */
#include <sys/timerfd.h>

#include "test/crtest.h"

#define FAR 100000

static const struct sort {
	int clock, flags, value, interval;
} sorts[] = {
	{ CLOCK_MONOTONIC, 0, FAR, 0 },
	{ CLOCK_MONOTONIC, TFD_TIMER_ABSTIME, FAR, 7 },
	{ CLOCK_BOOTTIME, 0, FAR, 60 },
	{ CLOCK_BOOTTIME, TFD_TIMER_ABSTIME, FAR, 0 },
	{ CLOCK_REALTIME, 0, FAR, 0 },
	{ CLOCK_REALTIME, TFD_TIMER_ABSTIME, FAR, 5 },
	{ CLOCK_REALTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, FAR, 0 },
	{ CLOCK_REALTIME_ALARM, TFD_TIMER_ABSTIME, FAR, 0 },
	{ CLOCK_BOOTTIME_ALARM, 0, FAR, 3 },
	{ CLOCK_MONOTONIC, TFD_TIMER_ABSTIME, 0, 0 },
};
#define SORTS (sizeof(sorts) / sizeof(*sorts))

static int fds[SORTS];
static struct timespec began;
static time_t wall[SORTS];

static clockid_t base(int clock)
{
	return clock == CLOCK_REALTIME_ALARM ? CLOCK_REALTIME : clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME : clock;
}

static void arrange(void)
{
	must(clock_gettime(CLOCK_BOOTTIME, &began));
	for (unsigned int i = 0; i < SORTS; i++) {
		struct itimerspec its = { { sorts[i].interval, 0 }, { sorts[i].value, 0 } };
		struct timespec now;

		fds[i] = timerfd_create(sorts[i].clock, i % 2 ? TFD_NONBLOCK : TFD_CLOEXEC);
		if (fds[i] < 0 && errno == EPERM)
			continue;
		must(fds[i]);
		must(clock_gettime(base(sorts[i].clock), &now));
		if (sorts[i].flags && sorts[i].value)
			its.it_value.tv_sec += now.tv_sec;
		wall[i] = its.it_value.tv_sec;
		must(timerfd_settime(fds[i], sorts[i].flags, &its, NULL));
	}
}

static void verify_one(int fd, const struct sort *s, time_t at)
{
	char path[64];
	struct itimerspec its;
	struct timespec now;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	check_eq(atoi(proc_field(path, "clockid")), s->clock);
	check_eq(atoi(proc_field(path, "ticks")), 0);
	check_eq(strtol(proc_field(path, "settime flags"), NULL, 8), s->flags);
	check_eq(timerfd_gettime(fd, &its), 0);
	check_eq(its.it_interval.tv_sec, s->interval);
	check_eq(its.it_interval.tv_nsec, 0);
	if (!s->value) {
		check_eq(its.it_value.tv_sec, 0);
		check_eq(its.it_value.tv_nsec, 0);
		return;
	}
	check_in(its.it_value.tv_sec, FAR - 1000, FAR);
	if (base(s->clock) != CLOCK_REALTIME || !s->flags)
		return;
	/* The time on the wall that was meant, to a millisecond. */
	check_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
	check_in((now.tv_sec + its.it_value.tv_sec - at) * 1000000000 + now.tv_nsec + its.it_value.tv_nsec, -1000000,
		 1000000);
}

static void verify(void)
{
	for (unsigned int i = 0; i < SORTS; i++) {
		if (fds[i] < 0)
			continue;
		verify_one(fds[i], &sorts[i], wall[i]);
		check_eq(fcntl(fds[i], F_GETFL) & O_NONBLOCK, i % 2 ? O_NONBLOCK : 0);
		check_eq(fcntl(fds[i], F_GETFD), i % 2 ? 0 : FD_CLOEXEC);
	}
}

CRTEST(.about = "timerfds of all clocks", .ids = "TM-5", .arrange = arrange, .verify = verify)
