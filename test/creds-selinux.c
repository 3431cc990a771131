// SPDX-License-Identifier: GPL-2.0-only
/*
 * SELinux: the context that a process has changed to, with one thread and with two, is its context, and attr/sockcreate is empty; what
 * threads have asked for their next program, for files, keys and sockets is what they had asked for.
 */
#include <pthread.h>

#include "test/crtest-selinux.h"

static const char *const attrs[] = { "exec", "fscreate", "keycreate", "sockcreate" };
static struct task *single, *pair, *asks, *thread_asks;
static uint32_t *cells; /* of the second thread of a child: it is there; it shall look; it has looked */

static void check_context(const char *context)
{
	check_attr("current", context);
	for (size_t i = 0; i < 4; i++)
		check_attr(attrs[i], "");
}

/* The policy allows no second change. */
static void check_confined(void)
{
	int fd = must(open("/proc/thread-self/attr/current", O_WRONLY));

	check_context(CHILDS);
	check_fails(write(fd, OURS, strlen(OURS)), EACCES);
	close(fd);
}

static void become_confined(void *arg)
{
	set_attr("current", CHILDS);
	check_confined();
}

static void still_confined(void *arg)
{
	check_confined();
}

static void *second_thread(void *arg)
{
	check_confined();
	cell_set(&cells[0], 1);
	cell_wait(&cells[1], 1);
	check_confined();
	cell_set(&cells[2], 1);
	return NULL;
}

static void become_confined_pair(void *arg)
{
	pthread_t second;

	become_confined(NULL);
	must_zero(pthread_create(&second, NULL, second_thread, NULL));
	cell_wait(&cells[0], 1);
}

static void still_confined_pair(void *arg)
{
	check_confined();
	cell_set(&cells[1], 1);
	cell_wait(&cells[2], 1);
}

static void ask(void *arg)
{
	for (size_t i = 0; i < 4; i++)
		set_attr(attrs[i], i == 2 ? OURS : CHILDS);
}

static void still_asked(void *arg)
{
	check_attr("current", OURS);
	for (size_t i = 0; i < 4; i++)
		check_attr(attrs[i], i == 2 ? OURS : CHILDS);
}

static void arrange(void)
{
	selinux_need();
	cells = shared_alloc(3 * sizeof(*cells));
	single = task_child(become_confined, still_confined, NULL);
	pair = task_child(become_confined_pair, still_confined_pair, NULL);
	asks = task_child(ask, still_asked, NULL);
	thread_asks = task_thread(ask, still_asked, NULL);
}

static void verify(void)
{
	check_context(OURS);
	task_join(single);
	task_join(pair);
	task_join(asks);
	task_join(thread_asks);
}

CRTEST(.about = "contexts of SELinux", .ids = "CR-21", .arrange = arrange, .verify = verify, .root = true)
