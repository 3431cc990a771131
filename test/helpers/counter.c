// SPDX-License-Identifier: GPL-2.0-only
/* A program to be shown: counts the seconds it has lived, in a thread of its own, and prints a line for each. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned int seconds;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t tick = PTHREAD_COND_INITIALIZER;

static void *count(void *arg)
{
	for (;;) {
		sleep(1);
		pthread_mutex_lock(&mutex);
		seconds++;
		pthread_cond_signal(&tick);
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

int main(void)
{
	unsigned int printed = 0;
	pthread_t thread;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (pthread_create(&thread, NULL, count, NULL))
		return 1;
	for (;;) {
		pthread_mutex_lock(&mutex);
		while (seconds == printed)
			pthread_cond_wait(&tick, &mutex);
		printed = seconds;
		pthread_mutex_unlock(&mutex);
		printf("  pid %d has counted to %u\n", getpid(), printed);
	}
}
