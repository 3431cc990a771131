// SPDX-License-Identifier: GPL-2.0-only
/* Three targets added as 702, two as 701, some still open there; masks and data of each; an instance in another one. */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "test/crtest.h"

static int epoll, outer, writers[5], counter;

static void add(int fd, uint32_t events, uint64_t data)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev));
}

static void arrange(void)
{
	static const int as[] = { 702, 702, 701, 702, 701 };
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = ~0ull };

	epoll = must(epoll_create1(0));
	for (int i = 0; i < 5; i++) {
		int ends[2];

		must(pipe(ends));
		must(dup2(ends[0], as[i]));
		add(as[i], EPOLLIN, 100 + i);
		/* Kept open elsewhere, so that the entry lives when the number is used again. */
		must(fcntl(ends[0], F_DUPFD, 800));
		close(ends[0]);
		writers[i] = ends[1];
	}
	counter = must(eventfd(0, 0));
	add(counter, EPOLLIN | EPOLLET | EPOLLRDHUP, ~0ull);
	outer = must(epoll_create1(0));
	must(epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &ev));
}

static void verify(void)
{
	struct epoll_event ev[8];
	uint64_t one = 1;
	int seen = 0;

	check_eq(epoll_wait(outer, ev, 8, 0), 0);
	for (int i = 0; i < 5; i++)
		check_eq(write(writers[i], "x", 1), 1);
	check_eq(epoll_wait(outer, ev, 8, 0), 1);
	check_eq(ev[0].data.u64, ~0ull);
	check_eq(epoll_wait(epoll, ev, 8, 0), 5);
	for (int i = 0; i < 5; i++)
		seen |= 1 << (ev[i].data.u64 - 100);
	check_eq(seen, 31);
	check_eq(write(counter, &one, sizeof(one)), sizeof(one));
	check_eq(epoll_wait(epoll, ev, 8, 0), 6);
	check_eq(epoll_wait(epoll, ev, 8, 0), 5); /* the edge was reported */
	/* Entries under numbers that are still theirs can be found by them. */
	check_eq(epoll_ctl(epoll, EPOLL_CTL_DEL, 702, NULL), 0);
	check_eq(epoll_ctl(epoll, EPOLL_CTL_DEL, counter, NULL), 0);
}

CRTEST(.about = "epoll entries under one number, edge triggers, nesting", .ids = "EV-2 EV-3", .arrange = arrange,
       .verify = verify)
