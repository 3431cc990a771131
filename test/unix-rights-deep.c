// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors in queues as deep as the kernel lets them be, and in circles: two bound sockets with both of them in both their queues; a
 * listener that is in the queue of a connection to it; a ring of three whose sockets are open nowhere else.
 */
#include "test/crtest-unix.h"

#define DEPTH 4

static int loop[2], outer[2], server, client, ring;

static void arrange_deep(void)
{
	int inner = tmp_file("inner", 10, 3, O_RDWR), pair[2];

	must(lseek(inner, 7, SEEK_SET));
	for (int i = 0; i < DEPTH; i++) {
		must(socketpair(AF_UNIX, i % 2 ? SOCK_STREAM : SOCK_SEQPACKET, 0, pair));
		unix_give(pair[0], "deeper", inner);
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
		unix_give(s[i][0], i ? i == 1 ? "one" : "two" : "zero", s[(i + 1) % 3][1]);
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
	for (int i = 0; i < 4; i++) {
		fd = unix_client(SOCK_DGRAM, names[i % 2]);
		unix_give(fd, i < 2 ? "itself" : "other", loop[i < 2 ? i : 3 - i]);
		close(fd);
	}
	arrange_deep();
	server = unix_server(SOCK_STREAM, "server");
	client = unix_client(SOCK_STREAM, "server");
	fd = must(accept(server, NULL, NULL));
	unix_give(fd, "listener", server);
	close(fd);
	close(server);
	arrange_ring();
}

static void verify(void)
{
	int fd, own;

	for (int i = 0; i < 2; i++) {
		own = unix_take(loop[i], "itself");
		check_name(own, getsockname, i ? "@loop-b" : "loop-a");
		fd = unix_take(own, "other");
		check_name(fd, getsockname, i ? "loop-a" : "@loop-b");
	}
	fd = outer[1];
	for (int i = 0; i < DEPTH; i++)
		fd = unix_take(fd, "deeper");
	check_eq(lseek(fd, 0, SEEK_CUR), 7);
	server = unix_take(client, "listener");
	fd = unix_client(SOCK_STREAM, "server");
	own = must(accept(server, NULL, NULL));
	check_both_ways(fd, own);
	fd = unix_take(unix_take(unix_take(ring, "zero"), "one"), "two");
	check_eq(unix_connect(fd, "@nobody"), -1);
}

CRTEST(.about = "descriptors deep in queues, and in circles", .ids = "UX-24 UX-27", .arrange = arrange,
       .verify = verify)
