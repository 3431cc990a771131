// SPDX-License-Identifier: GPL-2.0-only
/* Socket pairs of each type carry data both ways, messages queued before come first, in order, with their boundaries. */
#include <sys/socket.h>

#include "test/crtest.h"

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC };
static int plain[4][2], queued[4][2];
static struct task *child;

static void say(int fd, const char *text)
{
	check_eq(send(fd, text, strlen(text), 0), strlen(text));
}

static void hear(int fd, const char *text)
{
	char buf[64] = "";

	check_eq(recv(fd, buf, sizeof(buf) - 1, 0), strlen(text));
	check_str(buf, text);
}

static void echo(void *arg)
{
	for (int i = 0; i < 4; i++) {
		hear(plain[i][1], "to child");
		say(plain[i][1], "to parent");
	}
}

static void arrange(void)
{
	for (int i = 0; i < 4; i++) {
		must(socketpair(AF_UNIX, types[i], 0, plain[i]));
		must(socketpair(AF_UNIX, types[i], 0, queued[i]));
		for (int end = 0; end < 2; end++) {
			say(queued[i][end], "first");
			say(queued[i][end], "second message");
		}
	}
	child = task_child(NULL, echo, NULL);
}

static void verify(void)
{
	for (int i = 0; i < 4; i++)
		say(plain[i][0], "to child");
	task_join(child);
	for (int i = 0; i < 4; i++) {
		int flags = i == 3 ? O_NONBLOCK : 0, type = 0;
		socklen_t len = sizeof(type);

		hear(plain[i][0], "to parent");
		for (int end = 0; end < 2; end++) {
			if (i % 3) {
				hear(queued[i][end], "first");
				hear(queued[i][end], "second message");
			} else {
				hear(queued[i][end], "firstsecond message");
			}
		}
		say(queued[i][0], "after");
		say(queued[i][1], "after");
		hear(queued[i][0], "after");
		hear(queued[i][1], "after");
		check_eq(fcntl(plain[i][0], F_GETFL) & O_NONBLOCK, flags);
		check_eq(fcntl(plain[i][0], F_GETFD), i == 3 ? FD_CLOEXEC : 0);
		check_eq(getsockopt(plain[i][0], SOL_SOCKET, SO_TYPE, &type, &len), 0);
		check_eq(type, types[i] & 0xf);
	}
}

CRTEST(.about = "socket pairs and their queues", .ids = "UX-5 UX-6", .arrange = arrange, .verify = verify)
