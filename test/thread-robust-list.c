// SPDX-License-Identifier: GPL-2.0-only
/* The robust futex lists of the main and of a second thread stay registered, and so does the clear-tid address. */
#include "test/crtest.h"

struct robust {
	void *head;
	size_t len;
};

static struct robust before[2];
static struct task *thread;

static void get(struct robust *r)
{
	must(syscall(SYS_get_robust_list, 0, &r->head, &r->len));
}

static void note(void *arg)
{
	get(arg);
}

static void same(void *arg)
{
	struct robust now = { 0 }, *then = arg;

	get(&now);
	check(now.head == then->head);
	check_eq(now.len, then->len);
}

static void arrange(void)
{
	note(&before[0]);
	thread = task_thread(note, same, &before[1]);
}

static void verify(void)
{
	same(&before[0]);
	/* Joining needs the kernel to clear the thread's tid and wake us. */
	task_join(thread);
}

CRTEST(.about = "robust lists and clear-tid", .ids = "TH-5", .arrange = arrange, .verify = verify)
