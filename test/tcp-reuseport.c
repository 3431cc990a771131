// SPDX-License-Identifier: GPL-2.0-only
/* Two listeners on one port with SO_REUSEPORT, then without on one of them: both listen on, the options are as they were. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int listeners[2], bound;
static struct sockaddr_in address = { .sin_family = AF_INET };

static int reuse(int fd)
{
	socklen_t len = sizeof(int);
	int v = -1;

	check_eq(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &v, &len), 0);
	return v;
}

static int listener(void)
{
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), one = 1;

	must(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)));
	must(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	must(listen(fd, 7));
	return fd;
}

static void arrange(void)
{
	struct sockaddr_in other = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int zero = 0;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listeners[0] = listener();
	must(getsockname(listeners[0], (struct sockaddr *)&address, &len));
	listeners[1] = listener();
	must(setsockopt(listeners[1], SOL_SOCKET, SO_REUSEPORT, &zero, sizeof(zero)));
	bound = must(socket(AF_INET, SOCK_STREAM, 0));
	must(bind(bound, (struct sockaddr *)&other, sizeof(other)));
}

static int accepted_by(void)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), by = -1;

	check_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	for (int side = 0; side < 2; side++) {
		int fd = accept(listeners[side], NULL, NULL);

		if (fd >= 0)
			by = side;
		close(fd);
	}
	close(client);
	return by;
}

/* The kernel prefers one of the two; with that one closed the other gets the connections. */
static void verify(void)
{
	int by;

	check_eq(reuse(listeners[0]), 1);
	check_eq(reuse(listeners[1]), 0);
	check_eq(connect(bound, (struct sockaddr *)&address, sizeof(address)), 0);
	by = accepted_by();
	check_in(by, 0, 1);
	by = accepted_by();
	check_in(by, 0, 1);
	close(listeners[by]);
	check_eq(accepted_by(), 1 - by);
}

CRTEST(.about = "SO_REUSEPORT; a bound socket connects", .ids = "IN-9 IN-23", .arrange = arrange, .verify = verify)
