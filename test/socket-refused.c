// SPDX-License-Identifier: GPL-2.0-only
/* States of sockets that cannot be had again are refused, each by its name, and nothing of them is taken away by that. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "test/crtest-unix.h"

enum { OOB = 50, RECONNECTED, RESET, TAKEN, REFUSED, UNREAD, FAILED, CONNECTED, GROUP };

static int peer_oob, server;
static struct sockaddr_in group = { .sin_family = AF_INET };

static void move(int fd, int to)
{
	must(dup2(fd, to));
	close(fd);
}

static void await(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };

	must(poll(&p, 1, 10000));
}

static void arrange_unix(void)
{
	int pair[2], closed;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	must(send(pair[1], "urgent", 6, MSG_OOB));
	move(pair[0], OOB);
	peer_oob = pair[1];
	/* Who goes on to another peer drops what its old one has sent, which gets an error. */
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	must(send(pair[0], "dropped", 7, 0));
	unix_bound(SOCK_DGRAM, "@elsewhere");
	must(unix_connect(pair[1], "@elsewhere"));
	move(pair[0], RECONNECTED);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	must(send(pair[1], "for us", 6, 0));
	must(send(pair[0], "unread", 6, 0));
	close(pair[1]);
	move(pair[0], RESET);
	closed = unix_bound(SOCK_DGRAM, "@taken");
	move(unix_client(SOCK_DGRAM, "@taken"), TAKEN);
	close(closed);
	unix_bound(SOCK_DGRAM, "@taken");
}

/* A connection to server; the other end. */
static int connection(int to)
{
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	must(getsockname(server, (void *)&a, &len));
	must(connect(fd, (void *)&a, len));
	move(fd, to);
	return must(accept(server, NULL, NULL));
}

static void arrange_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger at_once = { 1, 0 };
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int fd;

	server = must(socket(AF_INET, SOCK_STREAM, 0));
	must(bind(server, (void *)&a, sizeof(a)));
	must(listen(server, 3));
	fd = connection(UNREAD);
	must(send(fd, "rest", 4, 0));
	close(fd);
	await(UNREAD, POLLRDHUP);
	must(shutdown(UNREAD, SHUT_WR));
	do
		must(getsockopt(UNREAD, IPPROTO_TCP, TCP_INFO, &info, &len));
	while (info.tcpi_state != TCP_CLOSE);
	fd = connection(FAILED);
	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)));
	close(fd);
	await(FAILED, POLLERR);
	connection(CONNECTED);
}

static void arrange_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct in_addr loopback = { htonl(INADDR_LOOPBACK) };
	struct ip_mreqn m = { .imr_ifindex = 1 };
	socklen_t len = sizeof(a);
	int fd = must(socket(AF_INET, SOCK_DGRAM, 0)), sender;

	must(bind(fd, (void *)&a, sizeof(a)));
	must(getsockname(fd, (void *)&a, &len));
	close(fd); /* nobody has this port now */
	fd = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(connect(fd, (void *)&a, sizeof(a)));
	must(send(fd, "?", 1, 0));
	await(fd, POLLERR);
	move(fd, REFUSED);
	fd = must(socket(AF_INET, SOCK_DGRAM, 0));
	group.sin_addr.s_addr = m.imr_multiaddr.s_addr = inet_addr("239.7.8.9");
	must(bind(fd, (void *)&group, sizeof(group)));
	must(getsockname(fd, (void *)&group, &len));
	must(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)));
	sender = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof(loopback)));
	must(sendto(sender, "all", 3, 0, (void *)&group, sizeof(group)));
	close(sender);
	await(fd, POLLIN);
	move(fd, GROUP);
}

static void arrange(void)
{
	arrange_unix();
	arrange_tcp();
	arrange_udp();
}

static void verify(void)
{
	char b[16];

	check_eq(recv(OOB, b, 1, MSG_OOB), 1);
	check_eq(b[0], 't');
	check_eq(recv(OOB, b, sizeof(b), 0), 5);
	check_eq(send(peer_oob, "x", 1, 0), 1);
	check_fails(send(RECONNECTED, "x", 1, 0), ECONNRESET);
	check_fails(recv(RESET, b, sizeof(b), 0), ECONNRESET);
	check_eq(recv(RESET, b, sizeof(b), 0), 6);
	check_name(TAKEN, getpeername, "@taken");
	check_fails(send(TAKEN, "x", 1, 0), ECONNREFUSED);
	check_eq(recv(UNREAD, b, sizeof(b), 0), 4);
	check_eq(recv(UNREAD, b, sizeof(b), 0), 0);
	check_fails(recv(FAILED, b, sizeof(b), 0), ECONNRESET);
	check_eq(send(CONNECTED, "x", 1, 0), 1);
	check_fails(recv(REFUSED, b, sizeof(b), 0), ECONNREFUSED);
	check_eq(recv(GROUP, b, sizeof(b), MSG_DONTWAIT), 3);
}

CRTEST(.about = "sockets in states that are refused", .ids = "UX-28", .arrange = arrange, .verify = verify,
       .refused =
	       "fd 50 is a unix socket with urgent data|fd 51 is a unix socket with a pending error|"
	       "fd 52 is a unix socket with a pending error and messages|fd 53 is a unix socket whose peer is closed|"
	       "fd 54 is an IP socket with a pending error|fd 55 is a TCP socket whose connection has ended with data|"
	       "fd 56 is a TCP socket whose connection has failed|fd 57 is a TCP connection|fd 58 is ")
