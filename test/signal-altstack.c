// SPDX-License-Identifier: GPL-2.0-only
/* Alternate signal stacks: one set and not in use, one with a handler running on it during the dump. */
#include "test/crtest.h"

#define STACK_SIZE 65536

static char *stacks[2];
static struct task *thread;
static uint32_t *inside, *go;
static int handled;

static void set_stack(int i)
{
	stack_t s = { .ss_sp = stacks[i], .ss_size = STACK_SIZE };

	must(sigaltstack(&s, NULL));
}

static void is_on(int i)
{
	stack_t s;
	char here;

	must(sigaltstack(NULL, &s));
	check(s.ss_sp == stacks[i]);
	check_eq(s.ss_size, STACK_SIZE);
	check_eq(s.ss_flags, SS_ONSTACK);
	check(&here >= stacks[i] && &here < stacks[i] + STACK_SIZE);
}

static void on_usr1(int sig)
{
	is_on(0);
	handled++;
}

static void on_usr2(int sig)
{
	cell_set(inside, 1);
	cell_wait(go, 1);
	is_on(1);
	handled++;
}

static void in_thread(void *arg)
{
	stack_t s;

	set_stack(1);
	must(raise(SIGUSR2));
	must(sigaltstack(NULL, &s));
	check_eq(s.ss_flags, 0);
	check(s.ss_sp == stacks[1]);
}

static void arrange(void)
{
	inside = shared_alloc(4);
	go = shared_alloc(4);
	for (int i = 0; i < 2; i++)
		stacks[i] = map_anon(STACK_SIZE, PROT_READ | PROT_WRITE, 0);
	must(sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_usr1, .sa_flags = SA_ONSTACK }, NULL));
	must(sigaction(SIGUSR2, &(struct sigaction){ .sa_handler = on_usr2, .sa_flags = SA_ONSTACK }, NULL));
	set_stack(0);
	thread = task_thread(NULL, in_thread, NULL);
	task_wake(thread);
	cell_wait(inside, 1);
	task_wait_asleep(task_pid(thread));
}

static void verify(void)
{
	stack_t s;

	must(sigaltstack(NULL, &s));
	check(s.ss_sp == stacks[0]);
	check_eq(s.ss_flags, 0);
	must(raise(SIGUSR1));
	cell_set(go, 1);
	task_join(thread);
	check_eq(handled, 2);
}

CRTEST(.about = "alternate signal stacks", .ids = "SG-2", .arrange = arrange, .verify = verify)
