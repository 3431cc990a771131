// SPDX-License-Identifier: GPL-2.0-only
/* A process whose first thread has ended while another one lives on: refused, and it goes on. */
#include <pthread.h>

#include "test/crtest.h"

static pid_t child;
static uint32_t *go, *there;

static void *live_on(void *arg)
{
	cell_set(there, 1);
	cell_wait(go, 1);
	syscall(SYS_exit_group, 9);
	return NULL;
}

static void arrange(void)
{
	pthread_t thread;

	go = shared_alloc(sizeof(*go));
	there = shared_alloc(sizeof(*there));
	child = must(fork());
	if (!child) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		must_zero(pthread_create(&thread, NULL, live_on, NULL));
		syscall(SYS_exit, 0);
	}
	cell_wait(there, 1);
	usleep(20000);
}

static void verify(void)
{
	int status;

	cell_set(go, 1);
	check_eq(waitpid(child, &status, 0), child);
	check_eq(status, 9 << 8);
}

CRTEST(.about = "a dead first thread", .ids = "TH-3", .refused = "leader", .arrange = arrange, .verify = verify)
