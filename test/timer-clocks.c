// SPDX-License-Identifier: GPL-2.0-only
/* The clocks that count time since the boot go on: never backwards, not even for a task that reads them without pause. */
#include "test/crtest.h"

#define AN_HOUR_NS (3600 * 1000000000ll)

static const struct {
	const char *name;
	clockid_t clock;
} clocks[] = { { "CLOCK_MONOTONIC", CLOCK_MONOTONIC }, { "CLOCK_BOOTTIME", CLOCK_BOOTTIME } };

#define CLOCKS 2

static long long before[CLOCKS];
static uint32_t *stop, *rounds;
static struct task *sampler;

static long long through_vdso(clockid_t clock)
{
	struct timespec t;

	check_eq(clock_gettime(clock, &t), 0);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static long long through_kernel(clockid_t clock)
{
	struct timespec t;

	check_eq(syscall(SYS_clock_gettime, clock, &t), 0);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void not_backwards(int i, long long *last, long long t)
{
	if (t < *last)
		crtest_failed(__FILE__, __LINE__, "%s went back by %lld ns", clocks[i].name, *last - t);
	if (t - *last > AN_HOUR_NS)
		crtest_failed(__FILE__, __LINE__, "%s went forward by %lld ns", clocks[i].name, t - *last);
	*last = t;
}

static void sample(void *arg)
{
	long long last[CLOCKS];

	for (int i = 0; i < CLOCKS; i++)
		last[i] = through_kernel(clocks[i].clock);
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		for (int i = 0; i < CLOCKS; i++) {
			not_backwards(i, &last[i], through_vdso(clocks[i].clock));
			not_backwards(i, &last[i], through_kernel(clocks[i].clock));
		}
		__atomic_fetch_add(rounds, 1, __ATOMIC_RELAXED);
	}
}

static void await_rounds(uint32_t nr)
{
	uint32_t from = __atomic_load_n(rounds, __ATOMIC_RELAXED);

	for (int i = 0; i < 10000 && __atomic_load_n(rounds, __ATOMIC_RELAXED) - from < nr; i++)
		usleep(1000);
	check(__atomic_load_n(rounds, __ATOMIC_RELAXED) - from >= nr);
}

static void arrange(void)
{
	stop = shared_alloc(sizeof(*stop));
	rounds = shared_alloc(sizeof(*rounds));
	sampler = task_child(NULL, sample, NULL);
	task_wake(sampler);
	await_rounds(1000);
	for (int i = 0; i < CLOCKS; i++)
		before[i] = through_kernel(clocks[i].clock);
}

static void verify(void)
{
	for (int i = 0; i < CLOCKS; i++) {
		long long last = before[i];

		not_backwards(i, &last, through_kernel(clocks[i].clock));
		not_backwards(i, &last, through_vdso(clocks[i].clock));
	}
	await_rounds(1000);
	__atomic_store_n(stop, 1, __ATOMIC_RELAXED);
	task_join(sampler);
}

CRTEST(.about = "monotonic clocks", .ids = "TM-7 TM-8", .arrange = arrange, .verify = verify)
