// SPDX-License-Identifier: GPL-2.0-only
/* Sockets of every sort that are bound to a device keep it, with an address and without; others have none. */
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

static const struct {
	int family, type;
} sorts[] = {
	{ AF_INET, SOCK_STREAM },  { AF_INET, SOCK_DGRAM },  { AF_INET, SOCK_RAW },
	{ AF_INET6, SOCK_STREAM }, { AF_INET6, SOCK_DGRAM }, { AF_INET6, SOCK_RAW },
};

#define SORTS (sizeof(sorts) / sizeof(*sorts))

/* Without a device, with one, with one and an address. */
static int fds[SORTS][3];
static uint16_t ports[SORTS];

static uint16_t bind_any(int family, int fd)
{
	struct sockaddr_in6 a = { .sin6_family = family };
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(a);

	must(bind(fd, (void *)&a, len));
	must(getsockname(fd, (void *)&a, &len));
	return ntohs(a.sin6_port);
}

static void arrange(void)
{
	for (size_t i = 0; i < SORTS; i++) {
		for (int j = 0; j < 3; j++) {
			fds[i][j] = must(socket(sorts[i].family, sorts[i].type, sorts[i].type == SOCK_RAW ? 200 : 0));
			if (j)
				must(setsockopt(fds[i][j], SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
		}
		ports[i] = bind_any(sorts[i].family, fds[i][2]);
		if (sorts[i].type == SOCK_STREAM)
			must(listen(fds[i][2], 1));
	}
}

static void verify_one(size_t i)
{
	struct sockaddr_in6 a;
	socklen_t len;

	for (int j = 0; j < 3; j++) {
		char name[IFNAMSIZ] = "";
		int index = -1;

		len = sizeof(name);
		check_eq(getsockopt(fds[i][j], SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0);
		check_str(name, j ? "lo" : "");
		len = sizeof(index);
		check_eq(getsockopt(fds[i][j], SOL_SOCKET, SO_BINDTOIFINDEX, &index, &len), 0);
		check_eq(index, j ? (int)if_nametoindex("lo") : 0);
	}
	len = sizeof(a);
	check_eq(getsockname(fds[i][2], (void *)&a, &len), 0);
	check_eq(ntohs(a.sin6_port), ports[i]);
}

static void verify(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int sender = must(socket(AF_INET, SOCK_DGRAM, 0));
	char b[8];

	for (size_t i = 0; i < SORTS; i++)
		verify_one(i);
	to.sin_port = htons(ports[1]);
	check_eq(sendto(sender, "through", 7, 0, (void *)&to, sizeof(to)), 7);
	check_eq(recv(fds[1][2], b, sizeof(b), 0), 7);
}

CRTEST(.about = "sockets bound to a device", .ids = "SO-2", .arrange = arrange, .verify = verify, .root = true)
