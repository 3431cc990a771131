// SPDX-License-Identifier: GPL-2.0-only
/*
 * Epoll targets that have fired once and stay disarmed, those still to fire, edges, exclusive ones, an instance in an instance,
 * one shared with a child.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int once, edge, inner, outer, both;
static int empty[2], read_out[2], armed[2], pair[2], counter, edge_pipe[2], in_pipe[2], odd[2];
static struct task *child;

static void add(int ep, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };

	must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
}

/* Exactly one event, with these data. */
static void expect(int ep, uint32_t events, uint64_t data)
{
	struct epoll_event ev[4];

	check_eq(epoll_wait(ep, ev, 4, 0), 1);
	check_eq(ev[0].events, events);
	check_eq(ev[0].data.u64, data);
}

static void expect_none(int ep)
{
	struct epoll_event ev;

	check_eq(epoll_wait(ep, &ev, 1, 0), 0);
}

static void make_once(void)
{
	once = must(epoll_create1(0));
	must(pipe(empty));
	must(pipe(read_out));
	must(pipe(armed));
	must(pipe(odd));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	counter = must(eventfd(0, EFD_NONBLOCK));
	/* Fired for a byte that was read since; one of them under a number that another file has now. */
	add(once, read_out[0], EPOLLIN | EPOLLONESHOT, 1);
	must(write(read_out[1], "x", 1));
	expect(once, EPOLLIN, 1);
	must(read(read_out[0], &(char){ 0 }, 1));
	must(dup2(odd[0], 500));
	add(once, 500, EPOLLIN | EPOLLONESHOT, 2);
	must(write(odd[1], "x", 1));
	expect(once, EPOLLIN, 2);
	must(read(odd[0], &(char){ 0 }, 1));
	must(dup2(armed[0], 500));
	/* Fired, and still ready. */
	add(once, empty[1], EPOLLOUT | EPOLLONESHOT | EPOLLET, 3);
	expect(once, EPOLLOUT, 3);
	add(once, pair[0], EPOLLOUT | EPOLLONESHOT, 4);
	expect(once, EPOLLOUT, 4);
	add(once, counter, EPOLLOUT | EPOLLONESHOT, 5);
	expect(once, EPOLLOUT, 5);
	/* Not fired. */
	add(once, armed[0], EPOLLIN | EPOLLONESHOT, 6);
}

/* Its copies would keep the other ends open. */
static void child_arrange(void *arg)
{
	close(read_out[1]);
	close(odd[1]);
	close(pair[1]);
	close(empty[0]);
}

static void child_verify(void *arg)
{
	expect(both, EPOLLIN, 8);
}

static void arrange(void)
{
	make_once();
	edge = must(epoll_create1(EPOLL_CLOEXEC));
	must(pipe(edge_pipe));
	add(edge, edge_pipe[0], EPOLLIN | EPOLLET, 7);
	outer = must(epoll_create1(0));
	inner = must(epoll_create1(0));
	must(pipe(in_pipe));
	add(outer, inner, EPOLLIN, 10);
	add(inner, in_pipe[0], EPOLLIN | EPOLLEXCLUSIVE, 9);
	both = must(epoll_create1(0));
	add(both, in_pipe[0], EPOLLIN, 8);
	child = task_child(child_arrange, child_verify, NULL);
}

static void rearm(int fd, uint32_t events, uint64_t data)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };

	check_eq(epoll_ctl(once, EPOLL_CTL_MOD, fd, &ev), 0);
}

static void verify(void)
{
	struct epoll_event ev;

	/* Hang-ups and errors of what has fired are not told. */
	expect_none(once);
	close(read_out[1]);
	close(odd[1]);
	close(pair[1]);
	close(empty[0]);
	expect_none(once);
	check_eq(write(armed[1], "x", 1), 1);
	expect(once, EPOLLIN, 6);
	expect_none(once);
	rearm(armed[0], EPOLLIN | EPOLLONESHOT, 60);
	expect(once, EPOLLIN, 60);
	rearm(read_out[0], EPOLLIN, 61);
	expect(once, EPOLLHUP, 61);
	check_eq(epoll_ctl(once, EPOLL_CTL_DEL, read_out[0], NULL), 0);
	rearm(counter, EPOLLOUT, 62);
	expect(once, EPOLLOUT, 62);

	expect_none(edge);
	check_eq(write(edge_pipe[1], "x", 1), 1);
	expect(edge, EPOLLIN, 7);
	expect_none(edge);
	check_eq(write(edge_pipe[1], "x", 1), 1);
	expect(edge, EPOLLIN, 7);

	expect_none(outer);
	check_eq(write(in_pipe[1], "x", 1), 1);
	expect(outer, EPOLLIN, 10);
	expect(inner, EPOLLIN, 9);
	/* An exclusive one cannot be modified. */
	ev.events = EPOLLIN;
	check_fails(epoll_ctl(inner, EPOLL_CTL_MOD, in_pipe[0], &ev), EINVAL);
	task_join(child);
}

CRTEST(.about = "epoll: once, edges, exclusive, nested, shared", .ids = "EV-1 EV-3", .arrange = arrange,
       .verify = verify)
