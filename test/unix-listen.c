// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listening sockets with an accepted connection and some that wait: all go on, in their order, with the ids of whoever connected
 * and listened; the file of the name keeps owner and mode.
 */
#include "test/crtest-unix.h"

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };
static const char *const names[] = { "listen.stream", "listen.packets", "@crtest-stream", "@crtest-packets" };

static int server[4], accepted[4], client[4], waiting[4][2], child_client[4];
static struct task *child;

static void child_arrange(void *arg)
{
	for (int i = 0; i < 4; i++)
		child_client[i] = unix_client(types[i % 2], names[i]);
}

static void child_verify(void *arg)
{
	char b[8];

	for (int i = 0; i < 4; i++) {
		check_peer_pid(child_client[i], getppid());
		check_eq(send(child_client[i], "child", 5, 0), 5);
		check_eq(recv(child_client[i], b, 8, 0), 6);
	}
}

static void arrange(void)
{
	for (int i = 0; i < 4; i++) {
		server[i] = unix_server(types[i % 2], names[i]);
		client[i] = unix_client(types[i % 2], names[i]);
		accepted[i] = must(accept(server[i], NULL, NULL));
		for (int j = 0; j < 2; j++)
			waiting[i][j] = unix_client(types[i % 2], names[i]);
		if (i < 2) {
			must(chmod(names[i], 0640));
			must(chown(names[i], 7, 9));
		}
	}
	child = task_child(child_arrange, child_verify, NULL);
}

static void verify_one(int i)
{
	int fd, more;

	check_both_ways(client[i], accepted[i]);
	check_name(accepted[i], getsockname, names[i]);
	check_name(client[i], getpeername, names[i]);
	check_name(client[i], getsockname, "");
	check_peer_pid(client[i], getpid());
	check_peer_pid(accepted[i], getpid());
	for (int j = 0; j < 2; j++) {
		check_name(waiting[i][j], getpeername, names[i]);
		fd = must(accept4(server[i], NULL, NULL, SOCK_NONBLOCK));
		check_both_ways(waiting[i][j], fd);
		check_peer_pid(fd, getpid());
	}
	fd = must(accept4(server[i], NULL, NULL, SOCK_CLOEXEC));
	check_peer_pid(fd, task_pid(child));
	check_eq(send(fd, "parent", 6, 0), 6);
	check_eq(fcntl(server[i], F_SETFL, O_NONBLOCK), 0);
	check_fails(accept(server[i], NULL, NULL), EAGAIN);
	fd = unix_client(types[i % 2], names[i]);
	check_peer_pid(fd, getpid());
	more = must(accept(server[i], NULL, NULL));
	check_both_ways(fd, more);
}

static void verify(void)
{
	struct stat st;

	for (int i = 0; i < 4; i++)
		verify_one(i);
	for (int i = 0; i < 2; i++) {
		check_eq(stat(names[i], &st), 0);
		check_eq(st.st_mode, S_IFSOCK | 0640);
		check_eq(st.st_uid, 7);
		check_eq(st.st_gid, 9);
	}
	task_join(child);
}

CRTEST(.about = "listening unix sockets, connections accepted and waiting", .ids = "UX-1 UX-16", .arrange = arrange,
       .verify = verify, .root = true)
