// SPDX-License-Identifier: GPL-2.0-only
/* TCP connections that have ended, their sockets still open: an end of file, EPIPE, the same names; the listener listens on. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "test/crtest.h"

enum { V4, V6, MAPPED, SORTS };

static struct {
	int server, ends[2];
	struct sockaddr_in6 server_name, names[2];
	socklen_t len;
} t[SORTS];

static int state_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	return info.tcpi_state;
}

static void name_of(int fd, struct sockaddr_in6 *a)
{
	socklen_t len = sizeof(*a);

	memset(a, 0, sizeof(*a));
	must(getsockname(fd, (void *)a, &len));
}

static int client(int i)
{
	int fd = must(socket(i == V4 ? AF_INET : AF_INET6, SOCK_STREAM, 0));

	must(connect(fd, (void *)&t[i].server_name, t[i].len));
	return fd;
}

static void arrange_one(int i)
{
	struct sockaddr_in *v4 = (void *)&t[i].server_name;
	struct sockaddr_in6 *v6 = &t[i].server_name;

	t[i].server = must(socket(i == V4 ? AF_INET : AF_INET6, SOCK_STREAM, 0));
	t[i].len = i == V4 ? sizeof(*v4) : sizeof(*v6);
	if (i == V4) {
		*v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	} else {
		*v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
		inet_pton(AF_INET6, i == V6 ? "::1" : "::ffff:127.0.0.1", &v6->sin6_addr);
	}
	must(bind(t[i].server, (void *)v6, t[i].len));
	must(listen(t[i].server, 3));
	name_of(t[i].server, v6);
	t[i].ends[0] = client(i);
	t[i].ends[1] = must(accept(t[i].server, NULL, NULL));
	for (int j = 0; j < 2; j++)
		must(shutdown(t[i].ends[j], SHUT_RDWR));
	for (int j = 0; j < 2; j++) {
		while (state_of(t[i].ends[j]) != TCP_CLOSE)
			usleep(1000);
		name_of(t[i].ends[j], &t[i].names[j]);
	}
}

static void arrange(void)
{
	for (int i = 0; i < SORTS; i++)
		arrange_one(i);
}

static void verify_one(int i)
{
	char b[4];
	int a, c;

	for (int j = 0; j < 2; j++) {
		struct pollfd p = { t[i].ends[j], POLLIN | POLLRDHUP, 0 };
		struct sockaddr_in6 name;
		socklen_t len = sizeof(name);

		name_of(p.fd, &name);
		check_mem(&name, &t[i].names[j], sizeof(name));
		check_fails(getpeername(p.fd, (void *)&name, &len), ENOTCONN);
		check_eq(state_of(p.fd), TCP_CLOSE);
		check_eq(poll(&p, 1, 0), 1);
		check_eq(p.revents, POLLIN | POLLRDHUP | POLLHUP);
		check_eq(recv(p.fd, b, sizeof(b), 0), 0);
		check_fails(send(p.fd, b, sizeof(b), MSG_NOSIGNAL), EPIPE);
	}
	check_eq(state_of(t[i].server), TCP_LISTEN);
	c = client(i);
	a = accept(t[i].server, NULL, NULL);
	check(a >= 0);
	check_eq(send(a, "some", 4, 0), 4);
	check_eq(recv(c, b, 4, MSG_WAITALL), 4);
	close(a);
	close(c);
}

static void verify(void)
{
	for (int i = 0; i < SORTS; i++)
		verify_one(i);
}

#ifndef OPTS
#define OPTS NULL
#define IDS  "IN-19"
#endif

CRTEST(.about = "TCP connections that have ended", .ids = IDS, .opts = OPTS, .arrange = arrange, .verify = verify)
