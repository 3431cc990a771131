// SPDX-License-Identifier: GPL-2.0-only
/* Threads that are created and joined without pause, beside threads that compute. */
#include <pthread.h>

#include "test/crtest.h"

#define CHAINS 4

static uint32_t stop;
static uint64_t rounds[CHAINS];
static struct task *chains[CHAINS], *computing;

static void *short_life(void *arg)
{
	++*(uint64_t *)arg;
	return arg;
}

static void keep_creating(void *arg)
{
	uint64_t *round = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		pthread_t t;
		void *ret;

		must_zero(pthread_create(&t, NULL, short_life, round));
		must_zero(pthread_join(t, &ret));
		check(ret == round);
		usleep(200); /* leave the processor to others: some kernels starve them */
	}
}

static void compute(void *arg)
{
	uint64_t sum = 0, n = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		sum += ++n;
	check_eq(sum, n % 2 ? (n + 1) / 2 * n : n / 2 * (n + 1)); /* modulo 2^64 */
}

static void arrange(void)
{
	for (int i = 0; i < CHAINS; i++) {
		chains[i] = task_thread(NULL, keep_creating, &rounds[i]);
		task_wake(chains[i]);
	}
	computing = task_thread(NULL, compute, NULL);
	task_wake(computing);
	usleep(50000);
}

static void verify(void)
{
	uint64_t before[CHAINS];
	double end = now_s() + 10;

	memcpy(before, rounds, sizeof(before));
	for (int i = 0; i < CHAINS; i++) {
		while (*(volatile uint64_t *)&rounds[i] == before[i] && now_s() < end)
			usleep(1000);
		check(rounds[i] > before[i]);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < CHAINS; i++)
		task_join(chains[i]);
	task_join(computing);
}

CRTEST(.about = "threads coming and going", .ids = "TR-2", .busy = true, .arrange = arrange, .verify = verify)
