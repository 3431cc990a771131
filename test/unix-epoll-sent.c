// SPDX-License-Identifier: GPL-2.0-only
/* An epoll instance that watches a socket is twice in the queue of that socket, and in no table: received, it reports the event. */
#include <sys/epoll.h>

#include "test/crtest-unix.h"

static int pair[2];

static void give(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { "e", 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	must(sendmsg(pair[0], &m, 0));
}

static int take(void)
{
	char control[CMSG_SPACE(sizeof(int))], b;
	struct iovec iov = { &b, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int fd;

	check_eq(recvmsg(pair[1], &m, MSG_DONTWAIT), 1);
	check(CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static void arrange(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 4711 };
	int ep = must(epoll_create1(0));

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	must(epoll_ctl(ep, EPOLL_CTL_ADD, pair[1], &ev));
	give(ep);
	give(ep);
	close(ep);
}

static void verify(void)
{
	struct epoll_event ev = { 0 };
	int ep = take(), again;

	check_eq(epoll_wait(ep, &ev, 1, 0), 1);
	check_eq(ev.data.u64, 4711);
	again = take();
	check_eq(epoll_wait(ep, &ev, 1, 0), 0);
	check_eq(send(pair[0], "x", 1, 0), 1);
	check_eq(epoll_wait(again, &ev, 1, 0), 1);
	ev.events = EPOLLIN;
	check_eq(epoll_ctl(again, EPOLL_CTL_MOD, pair[1], &ev), 0);
}

CRTEST(.about = "an epoll instance under way", .ids = "UX-26", .arrange = arrange, .verify = verify)
