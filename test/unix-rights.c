// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors on their way through sockets of every type: of pipes whose descriptors are closed by now, of the sockets themselves, of
 * sockets that have descriptors in their queue, two in a message, in the middle of a stream.
 */
#include "test/crtest-unix.h"

static int dgram[2], packets[2], stream[2], looped[2], nested[2], kept, file;

static void give(int over, const char *text, const int *fds, size_t n, bool apart)
{
	char control[2 * CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec iov = { (char *)text, strlen(text) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };

	for (size_t done = 0; done < n;) {
		size_t now = apart ? 1 : n;
		struct cmsghdr *c = (struct cmsghdr *)(control + m.msg_controllen);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(now * sizeof(int));
		memcpy(CMSG_DATA(c), fds + done, now * sizeof(int));
		m.msg_controllen += CMSG_SPACE(now * sizeof(int));
		done += now;
	}
	must(sendmsg(over, &m, 0));
}

static size_t take(int over, size_t size, const char *text, int *fds)
{
	char control[CMSG_SPACE(8 * sizeof(int))], buf[64] = "";
	struct iovec iov = { buf, size };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c;
	size_t n;

	check_eq(recvmsg(over, &m, MSG_DONTWAIT), strlen(text));
	check_str(buf, text);
	c = CMSG_FIRSTHDR(&m);
	if (!c)
		return 0;
	n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return n;
}

static void arrange(void)
{
	int ends[2], more[2];

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram));
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, stream));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, looped));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, nested));
	must(pipe(ends));
	must(write(ends[1], "in the pipe", 11));
	give(dgram[0], "reader", &ends[0], 1, false);
	close(ends[0]);
	kept = ends[1];
	must(pipe(ends));
	give(dgram[0], "r", &ends[0], 1, false);
	give(dgram[0], "w", &ends[1], 1, false);
	give(dgram[0], "two", ends, 2, true);
	give(packets[0], "both", ends, 2, false);
	give(packets[0], "", NULL, 0, false);
	give(packets[0], "after the empty one", NULL, 0, false);
	close(ends[0]);
	close(ends[1]);
	close(dgram[0]);

	/* In the middle of a stream, with bytes on both sides. */
	file = tmp_file("passed", 100, 3, O_RDWR);
	must(lseek(file, 17, SEEK_SET));
	must(write(stream[0], "before", 6));
	give(stream[0], "with", &file, 1, false);
	must(write(stream[0], "after", 5));

	/* Each end of a pair of sockets is in the queue of the other, and in its own. */
	give(looped[0], "0", &looped[0], 1, false);
	give(looped[0], "1", &looped[1], 1, false);
	give(looped[1], "1", &looped[1], 1, false);

	/* A socket in a queue with a socket in its queue with a file in its queue. */
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, more));
	give(more[0], "innermost", &file, 1, false);
	give(ends[0], "inner", &more[1], 1, false);
	give(nested[0], "outer", &ends[1], 1, false);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(more[i]);
	}
}

static void verify_dgram(void)
{
	int got[8], reader, writer;
	char buf[16] = "";

	check_eq(take(dgram[1], 64, "reader", got), 1);
	check_eq(read(got[0], buf, 16), 11);
	check_str(buf, "in the pipe");
	check_eq(write(kept, "x", 1), 1);
	check_eq(read(got[0], buf, 16), 1);
	check_eq(take(dgram[1], 64, "r", &reader), 1);
	check_eq(take(dgram[1], 64, "w", &writer), 1);
	check_eq(write(writer, "y", 1), 1);
	check_eq(read(reader, buf, 16), 1);
	check_eq(take(dgram[1], 64, "two", got), 2);
	check_eq(write(got[1], "z", 1), 1);
	check_eq(read(reader, buf, 16), 1);
	check_fails(send(dgram[1], "", 0, 0), ECONNREFUSED);
	check_eq(take(packets[1], 64, "both", got), 2);
	check_eq(take(packets[1], 64, "", got), 0);
	check_eq(take(packets[1], 64, "after the empty one", got), 0);
	check_eq(write(got[1], "z", 1), 1);
	check_eq(read(got[0], buf, 16), 1);
}

static void verify(void)
{
	int got[8], inner[8];
	char buf[16];

	verify_dgram();
	check_eq(take(stream[1], 4, "befo", got), 0);
	check_eq(take(stream[1], 2, "re", got), 0);
	check_eq(take(stream[1], 64, "with", got), 1);
	check_eq(take(stream[1], 64, "after", inner), 0);
	check_eq(lseek(got[0], 0, SEEK_CUR), 17);
	check_eq(lseek(got[0], 23, SEEK_SET), 23);
	check_eq(lseek(file, 0, SEEK_CUR), 23);

	check_eq(take(looped[1], 1, "0", got), 1);
	check_eq(take(looped[1], 1, "1", got + 1), 1);
	check_eq(take(looped[0], 1, "1", got + 2), 1);
	check_both_ways(got[0], got[1]);
	check_both_ways(got[0], got[2]);
	check_both_ways(looped[0], got[2]);

	check_eq(take(nested[1], 64, "outer", got), 1);
	check_eq(take(got[0], 64, "inner", inner), 1);
	check_eq(take(inner[0], 64, "innermost", got), 1);
	check_eq(lseek(got[0], 0, SEEK_CUR), 23);
	check_eq(recv(nested[1], buf, 16, MSG_DONTWAIT), -1);
}

CRTEST(.about = "descriptors in the queues of sockets", .ids = "UX-24 UX-25", .arrange = arrange, .verify = verify)
