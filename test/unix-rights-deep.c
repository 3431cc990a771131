// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors in queues as deep as the kernel lets them be, and in circles: two bound sockets with both of them in both their queues; a
 * listener that is in the queue of a connection to it; a ring of three whose sockets are open nowhere else.
 */
#include "test/crtest-unix.h"

#define DEPTH 4

static int loop[2], outer[2], server, client, ring;

static void give(int over, const char *text, int fd, const char *to)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct sockaddr_un a;
	struct iovec iov = { (char *)text, strlen(text) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (to) {
		m.msg_namelen = unix_name(to, &a);
		m.msg_name = &a;
	}
	must(sendmsg(over, &m, 0));
}

static int take(int over, const char *text)
{
	char control[CMSG_SPACE(sizeof(int))], b[16] = "";
	struct iovec iov = { b, sizeof(b) - 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int fd;

	check_eq(recvmsg(over, &m, MSG_DONTWAIT), strlen(text));
	check_str(b, text);
	check(CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static void arrange_deep(void)
{
	int inner = tmp_file("inner", 10, 3, O_RDWR), pair[2];

	must(lseek(inner, 7, SEEK_SET));
	for (int i = 0; i < DEPTH; i++) {
		must(socketpair(AF_UNIX, i % 2 ? SOCK_STREAM : SOCK_SEQPACKET, 0, pair));
		give(pair[0], "deeper", inner, NULL);
		close(inner);
		if (i < DEPTH - 1)
			close(pair[0]);
		inner = pair[1];
	}
	outer[0] = pair[0];
	outer[1] = pair[1];
}

static void arrange_ring(void)
{
	int s[3][2];

	for (int i = 0; i < 3; i++)
		must(socketpair(AF_UNIX, SOCK_DGRAM, 0, s[i]));
	for (int i = 0; i < 3; i++)
		give(s[i][0], i ? i == 1 ? "one" : "two" : "zero", s[(i + 1) % 3][1], NULL);
	ring = s[0][1];
	for (int i = 0; i < 3; i++) {
		close(s[i][0]);
		if (i)
			close(s[i][1]);
	}
}

static void arrange(void)
{
	static const char *const names[] = { "loop-a", "@loop-b" };
	int fd;

	for (int i = 0; i < 2; i++)
		loop[i] = unix_bound(SOCK_DGRAM, names[i]);
	for (int i = 0; i < 4; i++)
		give(loop[i % 2], i < 2 ? "itself" : "other", loop[i < 2 ? i : 3 - i], names[i < 2 ? i : i - 2]);
	arrange_deep();
	server = unix_server(SOCK_STREAM, "server");
	client = unix_client(SOCK_STREAM, "server");
	fd = must(accept(server, NULL, NULL));
	give(fd, "listener", server, NULL);
	close(fd);
	close(server);
	arrange_ring();
}

static void verify(void)
{
	int fd, own;

	for (int i = 0; i < 2; i++) {
		own = take(loop[i], "itself");
		check_name(own, getsockname, i ? "@loop-b" : "loop-a");
		fd = take(own, "other");
		check_name(fd, getsockname, i ? "loop-a" : "@loop-b");
	}
	fd = outer[1];
	for (int i = 0; i < DEPTH; i++)
		fd = take(fd, "deeper");
	check_eq(lseek(fd, 0, SEEK_CUR), 7);
	server = take(client, "listener");
	fd = unix_client(SOCK_STREAM, "server");
	own = must(accept(server, NULL, NULL));
	check_both_ways(fd, own);
	fd = take(take(take(ring, "zero"), "one"), "two");
	check_eq(unix_connect(fd, "@nobody"), -1);
}

CRTEST(.about = "descriptors deep in queues, and in circles", .ids = "UX-24 UX-27", .arrange = arrange, .verify = verify)
