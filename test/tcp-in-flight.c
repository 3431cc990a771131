// SPDX-License-Identifier: GPL-2.0-only
/* With --skip-in-flight connections that wait to be accepted are dropped; listeners accept new ones. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int server[2];
static struct sockaddr_in6 name[2];
static socklen_t len[2] = { sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6) };

static int client(int six)
{
	int fd = must(socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0));

	must(connect(fd, (void *)&name[six], len[six]));
	return fd;
}

/* The clients say something and go: this leaves nothing of the connection in the tree but its end in the queue. */
static void arrange(void)
{
	struct sockaddr_in *v4 = (void *)&name[0];

	v4->sin_family = AF_INET;
	v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	name[1].sin6_family = AF_INET6;
	name[1].sin6_addr = in6addr_loopback;
	for (int six = 0; six < 2; six++) {
		server[six] = must(socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
		must(bind(server[six], (void *)&name[six], len[six]));
		must(listen(server[six], 5));
		must(getsockname(server[six], (void *)&name[six], &len[six]));
		for (int i = 0; i < 2; i++) {
			int fd = client(six);

			must(send(fd, "old", 3, 0));
			close(fd);
		}
	}
}

#ifndef REFUSED
static void verify(void)
{
	for (int six = 0; six < 2; six++) {
		int c = client(six), a = accept(server[six], NULL, NULL);
		char b[4] = "";

		check(a >= 0);
		check_eq(send(c, "new", 3, 0), 3);
		check_eq(recv(a, b, 3, MSG_WAITALL), 3);
		check_mem(b, "new", 3);
		close(a);
		close(c);
	}
}

#ifndef OPTS
#define OPTS "--skip-in-flight"
#endif

CRTEST(.about = "connections that nobody has accepted yet, dropped", .ids = "IN-26", .opts = OPTS,
       .flavours = "plain stopped cycles sibling ns-tool", .arrange = arrange, .verify = verify)
#endif
