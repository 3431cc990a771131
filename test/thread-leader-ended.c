// SPDX-License-Identifier: GPL-2.0-only
/* The first thread of the process has exited. The others live on under the same ids, and SIGTERM reaches them. */
#include <sched.h>
#include <signal.h>

#include "test/crtest.h"

#define OTHERS 3

static struct task *others[OTHERS];
static pid_t me, tids[OTHERS];
static uint32_t alarms;

static void note_tid(void *arg)
{
	*(pid_t *)arg = gettid();
}

static void check_tid(void *arg)
{
	check_eq(gettid(), *(pid_t *)arg);
	check_eq(getpid(), getsid(0));
}

static void look_around(void)
{
	check_eq(gettid(), me);
	check(me != getpid());
	check_eq(getsid(0), getpid());
	check_eq(getpgid(0), getpid());
	check_eq(*proc_field("/proc/self/status", "State"), 'Z');
	check_eq(*proc_field("/proc/thread-self/status", "State"), 'R');
}

static void on_alarm(int sig)
{
	alarms++;
}

static void arrange(void)
{
	int thread = syscall(SYS_pidfd_open, getpid(), O_EXCL);

	if (thread < 0)
		skip("no PIDFD_THREAD (Linux 6.9): %s", strerror(errno));
	close(thread);
	struct sigaction act = { .sa_handler = on_alarm };

	me = gettid();
	for (int i = 0; i < OTHERS; i++)
		others[i] = task_thread(note_tid, check_tid, &tids[i]);
	must(sigaction(SIGALRM, &act, NULL));
	look_around();
}

static void verify(void)
{
	look_around();
	for (int i = 0; i < OTHERS; i++)
		task_join(others[i]);
	check_eq(kill(getpid(), SIGALRM), 0);
	check_eq(alarms, 1);
}

CRTEST(.about = "a process without its first thread, and three others", .ids = "TH-3", .leader_ends = true,
       .arrange = arrange, .verify = verify)
