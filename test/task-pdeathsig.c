// SPDX-License-Identifier: GPL-2.0-only
/* A grandchild gets its parent death signal; pipe ends that only the middle process holds come back. */
#include "test/crtest.h"

static struct task *middle;
static int told[2], unrelated[2];

static void on_usr1(int sig)
{
	ssize_t n = write(told[1], "1", 1);

	_exit(n == 1 ? 0 : 1);
}

static void will_hear(void *arg)
{
	must(sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_usr1 }, NULL));
	must(prctl(PR_SET_PDEATHSIG, SIGUSR1));
}

static void sleep_on(void *arg)
{
	for (;;)
		pause();
}

static void has_child(void *arg)
{
	must(pipe(unrelated));
	must(write(unrelated[1], "xyz", 3));
	task_wake(task_child(will_hear, sleep_on, NULL));
}

static void read_and_die(void *arg)
{
	char text[4] = "";

	check_eq(read(unrelated[0], text, 3), 3);
	check_str(text, "xyz");
}

static void arrange(void)
{
	must(pipe(told));
	middle = task_child(has_child, read_and_die, NULL);
}

static void verify(void)
{
	char c = 0;

	task_join(middle);
	close(told[1]);
	check_eq(read(told[0], &c, 1), 1);
	check_eq(c, '1');
	check_eq(read(told[0], &c, 1), 0);
}

CRTEST(.about = "parent death signal", .ids = "PT-19", .arrange = arrange, .verify = verify)
