// SPDX-License-Identifier: GPL-2.0-only
/* Listening TCP sockets of IPv4, IPv6 and both, one not yet bound, and a client made before that connects after. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "test/crtest.h"

enum { V4, V6, BOTH, KINDS };

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static int servers[KINDS], early, unbound;
static union address addresses[KINDS];
static struct task *client;

static void make_address(int kind)
{
	union address *a = &addresses[kind];

	if (kind == V4) {
		a->in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(8880) };
		a->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return;
	}
	a->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(8880 + kind) };
	a->in6.sin6_addr = kind == V6 ? in6addr_loopback : in6addr_any;
}

static socklen_t size(int kind)
{
	return kind == V4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static void make_server(int kind)
{
	int yes = 1, only = kind == V6;

	make_address(kind);
	servers[kind] = must(socket(addresses[kind].any.sa_family, SOCK_STREAM, 0));
	must(setsockopt(servers[kind], SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)));
	if (kind != V4)
		must(setsockopt(servers[kind], IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)));
	must(bind(servers[kind], &addresses[kind].any, size(kind)));
	must(listen(servers[kind], 17 + kind));
}

static void talk_to(int fd)
{
	char data[1024];

	fill_random(data, sizeof(data), 1);
	check_eq(write(fd, data, sizeof(data)), sizeof(data));
	close(fd);
}

static void connect_to_all(void *arg)
{
	struct sockaddr_in v4 = addresses[V4].in;

	for (int kind = 0; kind < KINDS; kind++) {
		int fd = must(socket(addresses[kind].any.sa_family, SOCK_STREAM, 0));

		check_eq(connect(fd, &addresses[kind].any, size(kind)), 0);
		talk_to(fd);
	}
	/* The last one takes IPv4 connections, too: with the socket that was made before the dump. */
	v4.sin_port = htons(8880 + BOTH);
	check_eq(connect(early, (struct sockaddr *)&v4, sizeof(v4)), 0);
	talk_to(early);
}

static void accept_one(int kind)
{
	char data[1024];
	int fd = accept(servers[kind], NULL, NULL), on = 0;
	socklen_t len = sizeof(on);

	check(fd >= 0);
	check_eq(recv(fd, data, sizeof(data), MSG_WAITALL), sizeof(data));
	check_random(data, sizeof(data), 1);
	check_eq(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, &len), 0);
	check_eq(on, 1);
	close(fd);
}

static void arrange(void)
{
	for (int kind = 0; kind < KINDS; kind++)
		make_server(kind);
	early = must(socket(AF_INET, SOCK_STREAM, 0));
	unbound = must(socket(AF_INET, SOCK_STREAM, 0));
	client = task_child(NULL, connect_to_all, NULL);
}

static void verify(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(8890) };
	struct tcp_info info;
	socklen_t len = sizeof(info);

	task_wake(client);
	for (int kind = 0; kind < KINDS; kind++) {
		check_eq(getsockopt(servers[kind], IPPROTO_TCP, TCP_INFO, &info, &len), 0);
		check_eq(info.tcpi_state, TCP_LISTEN);
		check_eq(info.tcpi_sacked, 17 + kind); /* the backlog, of a listener */
		accept_one(kind);
	}
	accept_one(BOTH);
	check_eq(bind(unbound, (struct sockaddr *)&a, sizeof(a)), 0);
	task_join(client);
}

CRTEST(.about = "listening and unbound TCP sockets", .ids = "IN-7 IN-8", .arrange = arrange, .verify = verify)
