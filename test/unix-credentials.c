// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who the peer of a pair is (SO_PEERCRED), when that was a process of other ids that is gone; and who sent what waits in a queue
 * (SCM_CREDENTIALS). SO_PEEK_OFF stands where it stood.
 */
#include "test/crtest-unix.h"

static int pair[2], dgram[2], stream[2], peeked[2];
static pid_t gone;
static struct task *child;

static void child_arrange(void *arg)
{
	must(send(dgram[0], "child", 5, 0));
	must(send(stream[0], "child", 5, 0));
}

static void arrange(void)
{
	int one = 1, four = 4;
	int shared[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, shared));
	gone = must(fork());
	if (!gone) {
		int made[2];
		char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
		struct iovec iov = { "", 1 };
		struct msghdr m = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
		};
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		must(setresgid(-1, 78, -1));
		must(setresuid(-1, 77, -1));
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, made));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(2 * sizeof(int));
		memcpy(CMSG_DATA(c), made, sizeof(made));
		must(sendmsg(shared[0], &m, 0));
		_exit(0);
	} else {
		char control[CMSG_SPACE(2 * sizeof(int))], b;
		struct iovec iov = { &b, 1 };
		struct msghdr m = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
		};

		must(recvmsg(shared[1], &m, 0));
		memcpy(pair, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(pair));
		must(waitpid(gone, NULL, 0));
		close(shared[0]);
		close(shared[1]);
	}
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, stream));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, peeked));
	must(setsockopt(dgram[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	must(setsockopt(stream[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	must(send(dgram[0], "parent", 6, 0));
	must(send(stream[0], "parent", 6, 0));
	child = task_child(child_arrange, NULL, NULL);
	must(send(peeked[0], "abcdefgh", 8, 0));
	must(setsockopt(peeked[1], SOL_SOCKET, SO_PEEK_OFF, &four, sizeof(four)));
}

static void hear(int fd, const char *text, pid_t from)
{
	char control[CMSG_SPACE(sizeof(struct ucred))], b[16] = "";
	struct iovec iov = { b, 15 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c;
	struct ucred cred;

	check_eq(recvmsg(fd, &m, MSG_DONTWAIT), strlen(text));
	check_str(b, text);
	c = CMSG_FIRSTHDR(&m);
	check(c && c->cmsg_type == SCM_CREDENTIALS);
	memcpy(&cred, CMSG_DATA(c), sizeof(cred));
	check_eq(cred.pid, from);
	check_eq(cred.uid, getuid());
	check_eq(cred.gid, getgid());
}

static void verify(void)
{
	int fds[] = { dgram[1], stream[1] };
	char b[8] = "";

	for (int i = 0; i < 2; i++) {
		struct ucred c = { 0 };
		socklen_t len = sizeof(c);

		check_eq(getsockopt(pair[i], SOL_SOCKET, SO_PEERCRED, &c, &len), 0);
		check_eq(c.pid, gone);
		check_eq(c.uid, 77);
		check_eq(c.gid, 78);
		hear(fds[i], "parent", getpid());
		hear(fds[i], "child", task_pid(child));
	}
	check_eq(recv(peeked[1], b, 2, MSG_PEEK), 2);
	check_mem(b, "ef", 2);
	check_eq(recv(peeked[1], b, 8, 0), 8);
	check_mem(b, "abcdefgh", 8);
	check_both_ways(pair[0], pair[1]);
	task_join(child);
}

CRTEST(.about = "ids of peers and senders", .ids = "UX-23", .arrange = arrange, .verify = verify, .root = true)
