// SPDX-License-Identifier: GPL-2.0-only
/* Tasks asleep in a system call without limit go on sleeping, and what they wait for reaches them; no EINTR is seen. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int in, out; /* of the task at hand: where it reads, where verify() writes */
static int status_of_child;
static pid_t waited;
static uint32_t *word;

static long by_read(void)
{
	char c;

	return read(in, &c, 1) - 1;
}

static long by_eventfd(void)
{
	uint64_t v;

	return read(in, &v, sizeof(v)) - sizeof(v);
}

static long by_recv(void)
{
	char c[8];

	return recv(in, c, sizeof(c), 0) - 8;
}

static long by_poll(void)
{
	return poll(&(struct pollfd){ .fd = in, .events = POLLIN }, 1, -1) - 1;
}

static long by_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(in, &set);
	return select(in + 1, &set, NULL, NULL, NULL) - 1;
}

static int epoll;

static long by_epoll(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 1234567890123 };

	/* Left to itself the kernel would end this one with EINTR after a stop: signal(7). */
	return epoll_wait(epoll, &ev, 1, -1) - 1 + (ev.data.u64 != 1234567890123);
}

static long by_wait4(void)
{
	long pid = waitpid(waited, &status_of_child, 0);

	return pid - waited + (status_of_child != W_EXITCODE(9, 0));
}

static long by_sigtimedwait(void)
{
	sigset_t set;
	siginfo_t si;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigtimedwait(&set, &si, NULL) - SIGUSR1; /* EINTR after a stop, as above */
}

static long by_futex(void)
{
	cell_wait(word, 1);
	return 0;
}

enum source { PIPE, EVENTFD, SOCKET, CHILD, SIGNAL, WORD };

static const struct {
	const char *name;
	long (*call)(void);
	enum source source;
} calls[] = {
	{ "read of a pipe", by_read, PIPE },
	{ "read of an eventfd", by_eventfd, EVENTFD },
	{ "recv of a socket", by_recv, SOCKET },
	{ "poll", by_poll, PIPE },
	{ "select", by_select, EVENTFD },
	{ "epoll_wait", by_epoll, PIPE },
	{ "wait4", by_wait4, CHILD },
	{ "sigtimedwait", by_sigtimedwait, SIGNAL },
	{ "futex", by_futex, WORD },
};

#define CALLS (sizeof(calls) / sizeof(*calls))

static struct {
	struct task *task;
	int in, out;
	pid_t waited; /* told by the task */
} * waits;

static void prepare(void *arg)
{
	long i = (long)arg;
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 1234567890123 };
	sigset_t set;
	char c;

	in = waits[i].in;
	out = waits[i].out;
	if (calls[i].call == by_epoll) {
		epoll = must(epoll_create1(0));
		must(epoll_ctl(epoll, EPOLL_CTL_ADD, in, &ev));
	}
	if (calls[i].source == SIGNAL) {
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		must(sigprocmask(SIG_BLOCK, &set, NULL));
	}
	if (calls[i].source != CHILD)
		return;
	waited = must(fork());
	if (!waited) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		must(read(in, &c, 1));
		_exit(9);
	}
}

static void wait_for_it(void *arg)
{
	long ret;

	errno = 0;
	ret = calls[(long)arg].call();
	if (ret)
		crtest_failed(__FILE__, __LINE__, "%s gave a result off by %ld (%s)", calls[(long)arg].name, ret,
			      strerror(errno));
}

static void arrange(void)
{
	int fds[2];

	word = shared_alloc(4);
	waits = shared_alloc(CALLS * sizeof(*waits));
	for (long i = 0; i < (long)CALLS; i++) {
		if (calls[i].source == EVENTFD)
			fds[0] = fds[1] = must(eventfd(0, 0));
		else if (calls[i].source == SOCKET)
			must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
		else
			must(pipe(fds));
		waits[i].in = fds[0];
		waits[i].out = fds[1];
		waits[i].task = task_child(prepare, wait_for_it, (void *)i);
		task_wake(waits[i].task);
	}
	for (size_t i = 0; i < CALLS; i++)
		task_wait_asleep(task_pid(waits[i].task));
	usleep(20000);
}

static void verify(void)
{
	uint64_t one = 1;

	usleep(50000);
	for (size_t i = 0; i < CALLS; i++) {
		check_eq(waitpid(task_pid(waits[i].task), NULL, WNOHANG), 0);
		if (calls[i].source == SIGNAL)
			must(kill(task_pid(waits[i].task), SIGUSR1));
		else if (calls[i].source == WORD)
			cell_set(word, 1);
		else
			check_eq(write(waits[i].out, &one, sizeof(one)), sizeof(one));
		task_join(waits[i].task);
	}
}

CRTEST(.about = "system calls without a time limit", .ids = "G-1", .arrange = arrange, .verify = verify)
