// SPDX-License-Identifier: GPL-2.0-only
/* Ten threads wait for a mutex: none slips through, all get it in turn once it is free. */
#include <pthread.h>
#include <sched.h>

#include "test/crtest.h"

#define THREADS 10

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct task *threads[THREADS];
static int inside, passed;

static void enter(void *arg)
{
	must_zero(pthread_mutex_lock(&mutex));
	check_eq(inside, 0);
	inside = 1;
	passed++;
	sched_yield();
	inside = 0;
	must_zero(pthread_mutex_unlock(&mutex));
}

static void arrange(void)
{
	must_zero(pthread_mutex_lock(&mutex));
	for (int i = 0; i < THREADS; i++) {
		threads[i] = task_thread(NULL, enter, NULL);
		task_wake(threads[i]);
	}
	usleep(20000);
}

static void verify(void)
{
	usleep(50000);
	check_eq(passed, 0);
	must_zero(pthread_mutex_unlock(&mutex));
	for (int i = 0; i < THREADS; i++)
		task_join(threads[i]);
	check_eq(passed, THREADS);
}

CRTEST(.about = "threads blocked on a mutex", .ids = "TH-4", .arrange = arrange, .verify = verify)
