// SPDX-License-Identifier: GPL-2.0-only
/* With --tcp-close connections are closed afterwards, whatever was under way; those who listened listen on. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "test/crtest.h"

enum { V4, V6, MAPPED, SORTS };
enum { CLIENT, SERVER, ALONE, HALF, ENDS }; /* ALONE: its peer is closed; HALF: shut down by itself */

static struct {
	int server, ends[ENDS];
	struct sockaddr_in6 server_name;
	socklen_t len;
} t[SORTS];

static int state_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	return info.tcpi_state;
}

static void listen_one(int i)
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
	must(getsockname(t[i].server, (void *)v6, &t[i].len));
}

static void connect_one(int i, int *client, int *server)
{
	*client = must(socket(i == V4 ? AF_INET : AF_INET6, SOCK_STREAM, 0));
	must(connect(*client, (void *)&t[i].server_name, t[i].len));
	*server = must(accept(t[i].server, NULL, NULL));
}

static void arrange(void)
{
	for (int i = 0; i < SORTS; i++) {
		int gone;

		listen_one(i);
		connect_one(i, &t[i].ends[CLIENT], &t[i].ends[SERVER]);
		must(send(t[i].ends[CLIENT], "lost", 4, 0));
		connect_one(i, &gone, &t[i].ends[ALONE]);
		must(send(gone, "lost", 4, 0));
		close(gone);
		connect_one(i, &t[i].ends[HALF], &gone);
		must(shutdown(t[i].ends[HALF], SHUT_WR));
		close(gone);
	}
}

static void verify_one(int i)
{
	int c, s;
	char b[4];

	for (int j = 0; j < ENDS; j++) {
		struct pollfd p = { t[i].ends[j], POLLIN, 0 };

		check_eq(state_of(p.fd), TCP_CLOSE);
		check_eq(poll(&p, 1, 0), 1);
		check(p.revents & POLLHUP);
		check_eq(recv(p.fd, b, sizeof(b), 0), 0);
		check_fails(send(p.fd, b, sizeof(b), MSG_NOSIGNAL), EPIPE);
	}
	check_eq(state_of(t[i].server), TCP_LISTEN);
	connect_one(i, &c, &s);
	check_eq(send(s, "some", 4, 0), 4);
	check_eq(recv(c, b, 4, MSG_WAITALL), 4);
	close(c);
	close(s);
}

static void verify(void)
{
	for (int i = 0; i < SORTS; i++)
		verify_one(i);
}

CRTEST(.about = "connections that are closed", .ids = "IN-24", .opts = "--tcp-close",
       .flavours = "plain stopped cycles sibling ns-tool", .arrange = arrange, .verify = verify)
