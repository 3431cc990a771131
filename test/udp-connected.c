// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP and UDP-Lite sockets with a peer, in both families: both directions, the addresses, what is shut down stays so. Among them
 * two that are connected to each other, one of them bound to any address, and shut down both ways.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

#define SORTS 4

static struct {
	int server, client, shut[2], closed[2];
	struct sockaddr_in6 name[2], closed_name[2][2]; /* large enough for both families; its own, and its peer's */
	socklen_t len;
} t[SORTS];

static int bound(int sort, struct sockaddr_in6 *name)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	bool is6 = sort & 1;
	int fd = socket(is6 ? AF_INET6 : AF_INET, SOCK_DGRAM, sort < 2 ? IPPROTO_UDP : IPPROTO_UDPLITE);

	if (fd < 0 && errno == EPROTONOSUPPORT)
		return -1;
	must(bind(fd, is6 ? (void *)&v6 : (void *)&v4, is6 ? sizeof(v6) : sizeof(v4)));
	t[sort].len = sizeof(*name);
	must(getsockname(fd, (void *)name, &t[sort].len));
	return fd;
}

static void arrange_closed(int i)
{
	struct sockaddr_in6 a[2], any = { .sin6_family = i & 1 ? AF_INET6 : AF_INET };
	int proto = i < 2 ? IPPROTO_UDP : IPPROTO_UDPLITE;
	socklen_t len = sizeof(any);

	t[i].closed[0] = bound(i, &a[0]);
	t[i].closed[1] = must(socket(any.sin6_family, SOCK_DGRAM, proto));
	must(bind(t[i].closed[1], (void *)&any, t[i].len)); /* any address, port 0 */
	must(getsockname(t[i].closed[1], (void *)&any, &len));
	a[1] = a[0];
	a[1].sin6_port = any.sin6_port;
	for (int j = 0; j < 2; j++)
		must(connect(t[i].closed[j], (void *)&a[!j], t[i].len));
	must(send(t[i].closed[0], "last", 4, 0));
	for (int j = 0; j < 2; j++) {
		must(shutdown(t[i].closed[j], SHUT_RDWR));
		len = t[i].len;
		must(getsockname(t[i].closed[j], (void *)&t[i].closed_name[j][0], &len));
		must(getpeername(t[i].closed[j], (void *)&t[i].closed_name[j][1], &len));
	}
}

static void arrange(void)
{
	for (int i = 0; i < SORTS; i++) {
		struct sockaddr_in6 a[2];

		t[i].server = bound(i, &t[i].name[0]);
		if (t[i].server < 0)
			continue;
		t[i].client = bound(i, &t[i].name[1]);
		must(connect(t[i].client, (void *)&t[i].name[0], t[i].len));
		for (int j = 0; j < 2; j++)
			t[i].shut[j] = bound(i, &a[j]);
		for (int j = 0; j < 2; j++)
			must(connect(t[i].shut[j], (void *)&a[!j], t[i].len));
		must(shutdown(t[i].shut[0], SHUT_WR));
		must(shutdown(t[i].shut[1], SHUT_RD));
		arrange_closed(i);
	}
}

static void verify_closed(int i)
{
	char b[16];

	for (int j = 0; j < 2; j++) {
		struct sockaddr_in6 now;
		socklen_t len = t[i].len;

		check_fails(send(t[i].closed[j], "x", 1, MSG_NOSIGNAL), EPIPE);
		check_eq(getsockname(t[i].closed[j], (void *)&now, &len), 0);
		check_mem(&now, &t[i].closed_name[j][0], len);
		check_eq(getpeername(t[i].closed[j], (void *)&now, &len), 0);
		check_mem(&now, &t[i].closed_name[j][1], len);
	}
	/* What had come before can be read, then there is an end. */
	check_eq(recv(t[i].closed[1], b, 16, MSG_DONTWAIT), 4);
	check_mem(b, "last", 4);
	for (int j = 0; j < 2; j++)
		check_eq(recv(t[i].closed[j], b, 16, 0), 0);
}

static void verify_one(int i)
{
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	char b[16];

	check_eq(send(t[i].client, "question", 8, 0), 8);
	check_eq(recvfrom(t[i].server, b, 16, MSG_DONTWAIT, (void *)&from, &len), 8);
	check_mem(&from, &t[i].name[1], i & 1 ? 24 : 8);
	check_eq(sendto(t[i].server, "answer", 6, 0, (void *)&from, len), 6);
	check_eq(recv(t[i].client, b, 16, MSG_DONTWAIT), 6);
	len = sizeof(from);
	check_eq(getpeername(t[i].client, (void *)&from, &len), 0);
	check_mem(&from, &t[i].name[0], i & 1 ? 24 : 8);
	check_fails(send(t[i].shut[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	check_eq(send(t[i].shut[1], "there", 5, 0), 5);
	check_eq(recv(t[i].shut[0], b, 16, MSG_DONTWAIT), 5);
	check_eq(recv(t[i].shut[1], b, 16, 0), 0);
}

static void verify(void)
{
	for (int i = 0; i < SORTS; i++)
		if (t[i].server >= 0) {
			verify_one(i);
			verify_closed(i);
		}
}

CRTEST(.about = "connected UDP sockets", .ids = "IN-1 IN-2 IN-3", .arrange = arrange, .verify = verify)
