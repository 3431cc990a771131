// SPDX-License-Identifier: GPL-2.0-only
/* Several threads that take pieces of work from one list: see team.h. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/worker.h"
#include "cr-dump/team.h"

#define MAX_THREADS 8

struct team {
	team_fn *fn;
	void *arg;
	size_t n, next;
	bool failed;
	pthread_mutex_t lock;
	struct err *e;
};

static void *team_work(void *arg)
{
	_cleanup_free_ char *scratch = NULL;
	struct team *t = arg;
	struct err e;
	size_t i;

	while ((i = __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED)) < t->n &&
	       !__atomic_load_n(&t->failed, __ATOMIC_RELAXED)) {
		if (!worker_check(&e) && !t->fn(t->arg, i, &scratch, &e))
			continue;
		pthread_mutex_lock(&t->lock);
		if (!t->failed)
			*t->e = e;
		__atomic_store_n(&t->failed, true, __ATOMIC_RELAXED);
		pthread_mutex_unlock(&t->lock);
	}
	return NULL;
}

static int nr_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? MAX_THREADS : CPU_COUNT(&set);
}

int parallel(size_t n, bool worthwhile, team_fn *fn, void *arg, struct err *e)
{
	struct team t = { .fn = fn, .arg = arg, .n = n, .e = e, .lock = PTHREAD_MUTEX_INITIALIZER };
	int cpus = worthwhile ? nr_cpus() : 1;
	pthread_t threads[MAX_THREADS];
	int nr = 0;

	/* We are one of them ourselves. When no more threads can be had, the others do the work. */
	while (nr + 1 < cpus && nr < MAX_THREADS && (size_t)nr + 1 < n &&
	       !pthread_create(&threads[nr], NULL, team_work, &t))
		nr++;
	team_work(&t);
	while (nr > 0)
		pthread_join(threads[--nr], NULL);
	return t.failed ? -1 : 0;
}
