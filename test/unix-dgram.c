// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagram sockets: a server with connected clients and messages from living and dead senders, whose names go with them; one
 * connected to itself; one whose server is closed; ten processes that send to a deleted name.
 */
#include "test/crtest-unix.h"

#define CLIENTS 10

static int server, plain, clients[2], self, orphan, many, abstract, abstract_clients[2], ring[2];
static struct task *children[CLIENTS];
static int child_fd;

static void child_arrange(void *arg)
{
	child_fd = unix_client(SOCK_DGRAM, "gone/many");
}

static void child_verify(void *arg)
{
	check_eq(send(child_fd, "child", 5, 0), 5);
}

static void say(int fd, const char *to, const char *text)
{
	struct sockaddr_un a;
	socklen_t len = unix_name(to, &a);

	must(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a, len));
}

static void hear(int fd, const char *text, const char *from)
{
	struct sockaddr_un a = { 0 };
	socklen_t len = sizeof(a);
	char buf[64] = "";

	check_eq(recvfrom(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT, (struct sockaddr *)&a, &len), strlen(text));
	check_str(buf, text);
	check_str(len ? unix_text(&a, len) : "", from);
}

static void send_and_close(const char *name, const char *to, const char *text)
{
	int fd = *name ? unix_bound(SOCK_DGRAM, name) : must(socket(AF_UNIX, SOCK_DGRAM, 0));

	say(fd, to, text);
	close(fd);
	if (*name && *name != '@')
		unlink(name);
}

static void arrange(void)
{
	must(mkdir("gone", 0755));
	server = unix_bound(SOCK_DGRAM, "server");
	plain = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	for (int i = 0; i < 2; i++)
		clients[i] = unix_bound(SOCK_DGRAM, i ? "@client" : "client");
	send_and_close("@dead-sender", "server", "from the dead");
	send_and_close("", "server", "from nobody");
	send_and_close("dead", "server", "from a file");
	say(clients[0], "server", "first");
	for (int i = 0; i < 2; i++)
		must(unix_connect(clients[i], "server"));
	must(send(clients[1], "second", 6, 0));
	self = unix_bound(SOCK_DGRAM, "self");
	must(unix_connect(self, "self"));
	must(send(self, "to me", 5, 0));
	many = unix_bound(SOCK_DGRAM, "@lost");
	orphan = unix_client(SOCK_DGRAM, "@lost");
	close(many);
	abstract = unix_bound(SOCK_DGRAM, "@abstract");
	for (int i = 0; i < 2; i++)
		abstract_clients[i] = unix_client(SOCK_DGRAM, "@abstract");
	must(send(abstract_clients[1], "only", 4, 0));
	for (int i = 0; i < 2; i++)
		ring[i] = unix_bound(SOCK_DGRAM, i ? "ring-b" : "ring-a");
	for (int i = 0; i < 2; i++)
		must(unix_connect(ring[i], i ? "ring-a" : "ring-b"));
	must(send(ring[0], "round", 5, 0));
	many = unix_bound(SOCK_DGRAM, "gone/many");
	for (int i = 0; i < CLIENTS; i++)
		children[i] = task_child(child_arrange, child_verify, NULL);
	must(unlink("gone/many"));
	must(rmdir("gone"));
}

static void verify(void)
{
	char b[8];

	hear(server, "from the dead", "@dead-sender");
	hear(server, "from nobody", "");
	hear(server, "from a file", "dead");
	hear(server, "first", "client");
	hear(server, "second", "@client");
	check_fails(recv(server, b, 8, MSG_DONTWAIT), EAGAIN);
	say(plain, "server", "plain");
	hear(server, "plain", "");
	check_flows(clients[0], server);
	say(server, "@client", "answer");
	hear(clients[1], "answer", "server");
}

static void verify_rest(void)
{
	char b[8];

	hear(self, "to me", "self");
	check_flows(self, self);
	check_name(orphan, getpeername, "@lost");
	check_fails(send(orphan, "x", 1, 0), ECONNREFUSED);
	check_fails(send(orphan, "x", 1, 0), ENOTCONN);
	hear(abstract, "only", "");
	check_fails(recv(abstract, b, 8, MSG_DONTWAIT), EAGAIN);
	check_flows(abstract_clients[0], abstract);
	hear(ring[1], "round", "ring-a");
	check_both_ways(ring[0], ring[1]);
	for (int i = 0; i < CLIENTS; i++)
		task_join(children[i]);
	for (int i = 0; i < CLIENTS; i++)
		hear(many, "child", "");
	check_name(many, getsockname, "gone/many");
	check_fails(access("gone", F_OK), ENOENT);
}

static void verify_all(void)
{
	verify();
	verify_rest();
}

CRTEST(.about = "unix datagram sockets with names", .ids = "UX-7 UX-8 UX-9 UX-13", .arrange = arrange,
       .verify = verify_all, .root = true)
