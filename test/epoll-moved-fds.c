// SPDX-License-Identifier: GPL-2.0-only
/* Two epoll instances over 250 pipes that were added under numbers since closed, moved or used for something else. */
#include <sys/epoll.h>

#include "test/crtest.h"

#define PIPES 250

static int ends[PIPES][2], instances[2];

static void add(int instance, int fd, int nr)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = (uint64_t)nr << 40 | instance };

	must(epoll_ctl(instances[instance], EPOLL_CTL_ADD, fd, &ev));
}

static void arrange(void)
{
	for (int i = 0; i < 2; i++)
		instances[i] = must(epoll_create1(i ? EPOLL_CLOEXEC : 0));
	for (int i = 0; i < PIPES; i++) {
		int old;

		must(pipe(ends[i]));
		/* The first instance knows it by a number that is given up for 700+i and used for the next pipe. */
		old = ends[i][0];
		add(0, old, i);
		must(dup2(old, 999));
		add(1, 999, i);
		close(999);
		ends[i][0] = must(dup2(old, 700 + i));
		close(old);
	}
}

static void verify_instance(int instance)
{
	static char seen[PIPES];
	struct epoll_event ev;

	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < PIPES; i++) {
		check_eq(epoll_wait(instances[instance], &ev, 1, 0), 1);
		check_eq(ev.events, EPOLLIN);
		check_eq((uint32_t)ev.data.u64, instance);
		check_in(ev.data.u64 >> 40, 0, PIPES - 1);
		seen[ev.data.u64 >> 40]++;
	}
	for (int i = 0; i < PIPES; i++)
		check_eq(seen[i], 1);
}

static void verify(void)
{
	for (int i = 0; i < PIPES; i++)
		check_eq(write(ends[i][1], "x", 1), 1);
	/* Level-triggered entries go to the end of the list once reported: one round shows each of them. */
	verify_instance(0);
	verify_instance(1);
}

CRTEST(.about = "epoll over moved descriptors", .ids = "EV-1", .arrange = arrange, .verify = verify)
