// SPDX-License-Identifier: GPL-2.0-only
/* Processes whose first thread exits as soon as there is a second one, which then ends the process, without pause. */
#include <pthread.h>

#include "test/crtest.h"

#define MAKERS	  3
#define ROUND_US  300
#define STATUS(n) ((int)((n) % 100 + 1))

static uint32_t *stop;
static uint64_t *rounds;
static struct task *makers[MAKERS];

static void *end_process(void *arg)
{
	int status = *(int *)arg;

	usleep(ROUND_US);
	if (status % 2)
		_exit(status);
	syscall(SYS_exit, status);
	return NULL;
}

static void begin_process(int status)
{
	static int its;
	pthread_t second;

	its = status;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || pthread_create(&second, NULL, end_process, &its))
		_exit(EXIT_FAILURE);
	syscall(SYS_exit, status); /* which may be the last one, when the other was faster */
}

static void keep_making(void *arg)
{
	uint64_t *round = arg;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		int status = STATUS(*round), got = -1;
		pid_t pid = must(fork());

		if (!pid)
			begin_process(status);
		check_eq(waitpid(pid, &got, 0), pid);
		check_eq(got, W_EXITCODE(status, 0));
		__atomic_fetch_add(round, 1, __ATOMIC_RELAXED);
	}
}

static void arrange(void)
{
	stop = shared_alloc(sizeof(*stop));
	rounds = shared_alloc(MAKERS * sizeof(*rounds));
	for (int i = 0; i < MAKERS; i++) {
		makers[i] = task_child(NULL, keep_making, &rounds[i]);
		task_wake(makers[i]);
	}
	usleep(50000);
}

static void verify(void)
{
	uint64_t before[MAKERS];
	double end = now_s() + 20;

	memcpy(before, rounds, sizeof(before));
	for (int i = 0; i < MAKERS; i++) {
		while (__atomic_load_n(&rounds[i], __ATOMIC_RELAXED) < before[i] + 2 && now_s() < end)
			usleep(1000);
		check(rounds[i] >= before[i] + 2);
	}
	cell_set(stop, 1);
	for (int i = 0; i < MAKERS; i++)
		task_join(makers[i]);
}

CRTEST(.about = "processes whose first threads end all the time", .ids = "TH-3 TR-2", .busy = true, .arrange = arrange,
       .verify = verify)
