// SPDX-License-Identifier: GPL-2.0-only
/* An epoll instance that watches a socket is twice in the queue of that socket, and in no table: received, it reports the event. */
#include <sys/epoll.h>

#include "test/crtest-unix.h"

static int pair[2];

static void arrange(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 4711 };
	int ep = must(epoll_create1(0));

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	must(epoll_ctl(ep, EPOLL_CTL_ADD, pair[1], &ev));
	unix_give(pair[0], "e", ep);
	unix_give(pair[0], "e", ep);
	close(ep);
}

static void verify(void)
{
	struct epoll_event ev = { 0 };
	int ep = unix_take(pair[1], "e"), again;

	check_eq(epoll_wait(ep, &ev, 1, 0), 1);
	check_eq(ev.data.u64, 4711);
	again = unix_take(pair[1], "e");
	check_eq(epoll_wait(ep, &ev, 1, 0), 0);
	check_eq(send(pair[0], "x", 1, 0), 1);
	check_eq(epoll_wait(again, &ev, 1, 0), 1);
	ev.events = EPOLLIN;
	check_eq(epoll_ctl(again, EPOLL_CTL_MOD, pair[1], &ev), 0);
}

CRTEST(.about = "an epoll instance under way", .ids = "UX-26", .arrange = arrange, .verify = verify)
