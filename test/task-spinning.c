// SPDX-License-Identifier: GPL-2.0-only
/* A task that makes no system call goes on computing and still gets its SIGTERM. */
#include "test/crtest.h"

static volatile uint64_t *rounds;
static struct task *spinner;

static void on_term(int sig)
{
	_exit(0);
}

static void ready_to_spin(void *arg)
{
	must(sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_term }, NULL));
}

static void spin(void *arg)
{
	for (;;)
		++*rounds;
}

static void arrange(void)
{
	rounds = shared_alloc(sizeof(*rounds));
	spinner = task_child(ready_to_spin, spin, NULL);
	task_wake(spinner);
	while (!*rounds)
		usleep(1000);
}

static void verify(void)
{
	uint64_t seen = *rounds;

	for (int i = 0; *rounds == seen && i < 5000; i++)
		usleep(1000);
	check(*rounds > seen);
	check_eq(kill(task_pid(spinner), SIGTERM), 0);
	task_join(spinner);
}

CRTEST(.about = "a task that never enters the kernel", .ids = "PT-5", .arrange = arrange, .verify = verify)
