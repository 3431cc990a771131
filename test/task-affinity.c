// SPDX-License-Identifier: GPL-2.0-only
/* The CPUs that a task and one of its threads may use. */
#include <pthread.h>
#include <sched.h>

#include "test/crtest.h"

static pthread_t thread;
static uint32_t *go;
static cpu_set_t all, first, seen;

static void *confined(void *arg)
{
	must(sched_setaffinity(0, sizeof(first), &first));
	cell_set(&go[0], 1);
	cell_wait(&go[1], 1);
	must(sched_getaffinity(0, sizeof(seen), &seen));
	return NULL;
}

static void arrange(void)
{
	int cpu = 0;

	go = shared_alloc(2 * sizeof(*go));
	must(sched_getaffinity(0, sizeof(all), &all));
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_SET(cpu, &first);
	must(pthread_create(&thread, NULL, confined, NULL));
	cell_wait(&go[0], 1);
}

static void verify(void)
{
	cpu_set_t now;

	check_eq(sched_getaffinity(0, sizeof(now), &now), 0);
	check(CPU_EQUAL(&now, &all));
	cell_set(&go[1], 1);
	check_eq(pthread_join(thread, NULL), 0);
	check(CPU_EQUAL(&seen, &first));
}

CRTEST(.about = "CPU affinity", .arrange = arrange, .verify = verify)
