// SPDX-License-Identifier: GPL-2.0-only
/* The three interval timers keep ticking. */
#include <sys/time.h>

#include "test/crtest.h"

static const int timers[] = { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };
static const int signals[] = { SIGALRM, SIGVTALRM, SIGPROF };
static volatile sig_atomic_t ticks[NSIG];

static void on_tick(int sig)
{
	ticks[sig]++;
}

static void arrange(void)
{
	struct itimerval v = { .it_interval.tv_usec = 100000, .it_value.tv_usec = 100 };

	for (int i = 0; i < 3; i++) {
		must(sigaction(signals[i], &(struct sigaction){ .sa_handler = on_tick, .sa_flags = SA_RESTART }, NULL));
		must(setitimer(timers[i], &v, NULL));
	}
}

static void verify(void)
{
	double end = now_s() + 5;

	for (int i = 0; i < 3; i++)
		ticks[signals[i]] = 0;
	/* Two of them count processor time: spend some. */
	while (now_s() < end && (ticks[SIGALRM] < 2 || ticks[SIGVTALRM] < 2 || ticks[SIGPROF] < 2))
		continue;
	for (int i = 0; i < 3; i++) {
		struct itimerval v;

		check_in(ticks[signals[i]], 2, 100);
		check_eq(getitimer(timers[i], &v), 0);
		check_in(v.it_interval.tv_usec, 99000, 101000);
	}
}

CRTEST(.about = "interval timers that tick", .ids = "TM-1", .busy = true, .arrange = arrange, .verify = verify)
