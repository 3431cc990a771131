// SPDX-License-Identifier: GPL-2.0-only
/* POSIX timers on three clocks: the same ids, values, signals, payloads, overruns and remaining times. */
#include "test/crtest.h"

static const struct {
	clockid_t clock;
	int sig;
	void *payload;
} kinds[] = {
	{ CLOCK_REALTIME, SIGALRM, (void *)0x1122334455667788 },
	{ CLOCK_MONOTONIC, SIGINT, NULL },
	{ CLOCK_BOOTTIME, SIGQUIT, (void *)0x7fff12345678 },
};
static int ids[3], soon;
static double set_at;

#define SECONDS (INT32_MAX / 1000)

/* Raw calls: glibc's timer_t hides the kernel's number. */
static int create(clockid_t clock, int sig, void *payload)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig, .sigev_value.sival_ptr = payload };
	int id = -1;

	must(syscall(SYS_timer_create, clock, &ev, &id));
	return id;
}

static void arrange(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < 3; i++)
		sigaddset(&set, kinds[i].sig);
	sigaddset(&set, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	for (int i = 0; i < 3; i++) {
		struct itimerspec v = { .it_value.tv_sec = SECONDS };

		for (int gap = 0; gap < 10; gap++)
			must(syscall(SYS_timer_delete, create(kinds[i].clock, kinds[i].sig, NULL)));
		ids[i] = create(kinds[i].clock, kinds[i].sig, kinds[i].payload);
		must(syscall(SYS_timer_settime, ids[i], 0, &v, NULL));
	}
	soon = create(CLOCK_MONOTONIC, SIGUSR1, (void *)77);
	must(syscall(SYS_timer_settime, soon, 0, &(struct itimerspec){ .it_value.tv_nsec = 300000000 }, NULL));
	set_at = now_s();
}

static void check_timer(int i)
{
	struct itimerspec v;
	siginfo_t si;
	sigset_t set;

	check_eq(syscall(SYS_timer_gettime, ids[i], &v), 0);
	check_in(v.it_value.tv_sec, SECONDS - (now_s() - set_at) - 60, SECONDS);
	check_eq(v.it_interval.tv_sec, 0);
	check_eq(v.it_interval.tv_nsec, 0);
	/* Not expired early, and its signal and payload are its own. */
	sigemptyset(&set);
	sigaddset(&set, kinds[i].sig);
	check_fails(sigtimedwait(&set, &si, &(struct timespec){ 0 }), EAGAIN);
	v = (struct itimerspec){ .it_value.tv_nsec = 1000000 };
	check_eq(syscall(SYS_timer_settime, ids[i], 0, &v, NULL), 0);
	check_eq(sigtimedwait(&set, &si, &(struct timespec){ .tv_sec = 5 }), kinds[i].sig);
	check_eq(si.si_code, SI_TIMER);
	check(si.si_ptr == kinds[i].payload);
	check_eq(si.si_timerid, ids[i]);
	check_fails(sigtimedwait(&set, &si, &(struct timespec){ .tv_nsec = 20000000 }), EAGAIN);
}

static void verify(void)
{
	siginfo_t si;
	sigset_t set;

	for (int i = 0; i < 3; i++)
		check_timer(i);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	check_eq(sigtimedwait(&set, &si, &(struct timespec){ .tv_sec = 5 }), SIGUSR1);
	check_eq(si.si_int, 77);
	check_in((now_s() - set_at) * 1000, 299, 60000);
}

/* The short one may expire between the two looks from outside. */
CRTEST(.about = "POSIX timers", .ids = "TM-3", .busy = true, .arrange = arrange, .verify = verify)
