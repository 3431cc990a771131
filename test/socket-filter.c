// SPDX-License-Identifier: GPL-2.0-only
/* Classic BPF filters of sockets, long and short, locked and not: SO_GET_FILTER returns them as they were, and they filter. */
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

#ifndef SO_LOCK_FILTER
#define SO_LOCK_FILTER 44
#endif

/* Lets pass what begins with 'y' (after the UDP header), in few steps and in many. */
static struct sock_filter few[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 8),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'y', 0, 1),
	BPF_STMT(BPF_RET | BPF_K, 0xffff),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

static struct sock_filter many[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 9, 0, 10),
	BPF_STMT(BPF_ST, 3),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 8),
	BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0x55),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	BPF_STMT(BPF_LD | BPF_MEM, 3),
	BPF_STMT(BPF_MISC | BPF_TXA, 0),
	BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 1),
	BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 1),
	BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0x55),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'y', 1, 0),
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_STMT(BPF_RET | BPF_K, 0x7fff),
};

static const struct {
	int family;
	struct sock_filter *code;
	unsigned short len;
	bool locked;
} filters[] = {
	{ AF_INET, many, 14, false }, { AF_INET, few, 4, false },  { AF_INET6, many, 14, true },
	{ AF_UNIX, few, 4, false },   { AF_INET, NULL, 0, false },
};

#define FILTERS (sizeof(filters) / sizeof(*filters))

static int fds[FILTERS];
static struct sockaddr_in names[2];

static void arrange(void)
{
	int one = 1;

	_Static_assert(sizeof(many) == 14 * sizeof(*many) && sizeof(few) == 4 * sizeof(*few), "as SO-8 has them");
	for (size_t i = 0; i < FILTERS; i++) {
		struct sock_fprog p = { filters[i].len, filters[i].code };

		fds[i] = must(socket(filters[i].family, SOCK_DGRAM, 0));
		if (p.len)
			must(setsockopt(fds[i], SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)));
		if (filters[i].locked)
			must(setsockopt(fds[i], SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)));
		if (i < 2) {
			socklen_t len = sizeof(names[i]);

			names[i] = (struct sockaddr_in){ .sin_family = AF_INET };
			names[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			must(bind(fds[i], (void *)&names[i], len));
			must(getsockname(fds[i], (void *)&names[i], &len));
		}
	}
}

static void verify_traffic(size_t i)
{
	int sender = must(socket(AF_INET, SOCK_DGRAM, 0));
	char b[8] = "";

	check_eq(sendto(sender, "no", 2, 0, (void *)&names[i], sizeof(names[i])), 2);
	check_eq(sendto(sender, "yes", 3, 0, (void *)&names[i], sizeof(names[i])), 3);
	check_eq(recv(fds[i], b, sizeof(b), 0), 3);
	check_fails(recv(fds[i], b, sizeof(b), MSG_DONTWAIT), EAGAIN);
	close(sender);
}

static void verify(void)
{
	for (size_t i = 0; i < FILTERS; i++) {
		struct sock_filter now[32] = { 0 };
		socklen_t len = 32;
		int locked = -1;

		check_eq(getsockopt(fds[i], SOL_SOCKET, SO_GET_FILTER, now, &len), 0);
		check_eq(len, filters[i].len);
		if (len)
			check_mem(now, filters[i].code, len * sizeof(*now));
		len = sizeof(locked);
		check_eq(getsockopt(fds[i], SOL_SOCKET, SO_LOCK_FILTER, &locked, &len), 0);
		check_eq(locked, filters[i].locked);
	}
	verify_traffic(0);
	verify_traffic(1);
}

CRTEST(.about = "classic filters of sockets", .ids = "SO-8", .arrange = arrange, .verify = verify)
