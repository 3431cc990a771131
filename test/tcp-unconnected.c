// SPDX-License-Identifier: GPL-2.0-only
/* TCP sockets without a connection, with --tcp-established: fresh ones, and bound to an address, a port or both. They connect. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "test/crtest.h"

enum { FRESH, BOUND, PORT_ONLY, ADDRESS_ONLY, CASES };

static int server[2], fds[2][CASES];
static struct sockaddr_in6 server_name[2], names[2][CASES];

static socklen_t size(int six)
{
	return six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static void loopback(int six, struct sockaddr_in6 *a)
{
	memset(a, 0, sizeof(*a));
	a->sin6_family = six ? AF_INET6 : AF_INET;
	if (six)
		a->sin6_addr = in6addr_loopback;
	else
		((struct sockaddr_in *)a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void name_of(int fd, struct sockaddr_in6 *a)
{
	socklen_t len = sizeof(*a);

	memset(a, 0, sizeof(*a));
	must(getsockname(fd, (void *)a, &len));
}

static void arrange_one(int six, int how)
{
	int fd = fds[six][how] = must(socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0)), one = 1;
	struct sockaddr_in6 a;

	loopback(six, &a);
	if (how == PORT_ONLY)
		a = (struct sockaddr_in6){ .sin6_family = a.sin6_family };
	if (how == ADDRESS_ONLY)
		must(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)));
	if (how != FRESH)
		must(bind(fd, (void *)&a, size(six)));
	name_of(fd, &names[six][how]);
}

static void arrange(void)
{
	for (int six = 0; six < 2; six++) {
		server[six] = must(socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
		loopback(six, &server_name[six]);
		must(bind(server[six], (void *)&server_name[six], size(six)));
		must(listen(server[six], CASES));
		name_of(server[six], &server_name[six]);
		for (int how = 0; how < CASES; how++)
			arrange_one(six, how);
	}
}

static void verify_one(int six, int how)
{
	struct sockaddr_in6 a, peer;
	socklen_t len = sizeof(peer);
	struct tcp_info info;
	char b[4];
	int fd;

	name_of(fds[six][how], &a);
	check_mem(&a, &names[six][how], sizeof(a));
	check_eq(getsockopt(fds[six][how], IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	check_eq(info.tcpi_state, TCP_CLOSE);
	check_fails(recv(fds[six][how], b, 1, 0), ENOTCONN);
	check_eq(connect(fds[six][how], (void *)&server_name[six], size(six)), 0);
	len = sizeof(peer);
	fd = accept(server[six], (void *)&peer, &len);
	check(fd >= 0);
	if (how == BOUND || how == PORT_ONLY)
		check_eq(peer.sin6_port, names[six][how].sin6_port);
	check_eq(send(fd, "some", 4, 0), 4);
	check_eq(recv(fds[six][how], b, 4, MSG_WAITALL), 4);
	close(fd);
}

static void verify(void)
{
	for (int six = 0; six < 2; six++)
		for (int how = 0; how < CASES; how++)
			verify_one(six, how);
}

CRTEST(.about = "TCP sockets without a connection", .ids = "IN-9 IN-19", .opts = "--tcp-established",
       .arrange = arrange, .verify = verify)
