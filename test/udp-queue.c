// SPDX-License-Identifier: GPL-2.0-only
/* Packets that wait at UDP sockets: of senders that are gone, empty, large, of IPv4 at a socket for both, with their destination. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int v4, v6, both, connected, info;
static struct sockaddr_in6 from[5];
static struct sockaddr_in v4_name;
static char big[60000];

static int bound(int family, void *name, socklen_t size)
{
	int fd = must(socket(family, SOCK_DGRAM, 0));

	must(bind(fd, name, size));
	must(getsockname(fd, name, &size));
	return fd;
}

static void say(const void *to, socklen_t size, const void *text, size_t len, struct sockaddr_in6 *from_ret)
{
	const struct sockaddr *sa = to;
	int fd = must(socket(sa->sa_family, SOCK_DGRAM, 0));
	socklen_t from_size = sizeof(*from_ret);

	must(connect(fd, to, size));
	must(getsockname(fd, (void *)from_ret, &from_size));
	must(send(fd, text, len, 0));
	close(fd);
}

static void arrange(void)
{
	struct sockaddr_in six = { .sin_family = AF_INET };
	struct sockaddr_in6 name6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	struct sockaddr_in mapped = { .sin_family = AF_INET }, name;
	int one = 1;

	v4_name = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	name = v4_name;
	v4 = bound(AF_INET, &v4_name, sizeof(v4_name));
	v6 = bound(AF_INET6, &name6, sizeof(name6));
	both = bound(AF_INET6, &any, sizeof(any));
	connected = bound(AF_INET, &name, sizeof(name));
	must(connect(connected, (void *)&v4_name, sizeof(v4_name)));
	fill_random(big, sizeof(big), 5);
	say(&v4_name, sizeof(v4_name), "first", 5, &from[0]);
	say(&v4_name, sizeof(v4_name), "", 0, &from[1]);
	say(&v4_name, sizeof(v4_name), big, sizeof(big), &from[2]);
	must(sendto(v4, "answer", 6, 0, (void *)&name, sizeof(name)));
	say(&name6, sizeof(name6), "six", 3, &from[3]);
	mapped.sin_port = any.sin6_port;
	mapped.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	say(&mapped, sizeof(mapped), "four to six", 11, &from[4]);
	any.sin6_addr = in6addr_loopback;
	say(&any, sizeof(any), "six too", 7, &from[3]);
	info = bound(AF_INET, &six, sizeof(six));
	must(setsockopt(info, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)));
	six.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 8);
	say(&six, sizeof(six), "where", 5, &from[3]);
}

static void hear(int fd, const void *text, size_t len, const struct sockaddr_in6 *want)
{
	static char b[65536];
	struct sockaddr_in6 got;
	socklen_t size = sizeof(got);

	check_eq(recvfrom(fd, b, sizeof(b), MSG_DONTWAIT, (void *)&got, &size), len);
	check_mem(b, text, len);
	if (want)
		check_mem(&got, want, 8);
}

static void verify_info(void)
{
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))], b[8];
	struct iovec iov = { b, sizeof(b) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};

	check_eq(recvmsg(info, &m, MSG_DONTWAIT), 5);
	check(CMSG_FIRSTHDR(&m) && CMSG_FIRSTHDR(&m)->cmsg_type == IP_PKTINFO);
	check_eq(ntohl(((struct in_pktinfo *)CMSG_DATA(CMSG_FIRSTHDR(&m)))->ipi_addr.s_addr), INADDR_LOOPBACK + 8);
}

static void verify(void)
{
	char b[8];

	hear(v4, "first", 5, &from[0]);
	hear(v4, "", 0, &from[1]);
	hear(v4, big, sizeof(big), &from[2]);
	check_fails(recv(v4, b, 8, MSG_DONTWAIT), EAGAIN);
	hear(connected, "answer", 6, (void *)&v4_name);
	check_eq(send(connected, "more", 4, 0), 4);
	hear(v4, "more", 4, NULL);
	hear(v6, "six", 3, NULL);
	hear(both, "four to six", 11, NULL);
	hear(both, "six too", 7, NULL);
	check_fails(recv(both, b, 8, MSG_DONTWAIT), EAGAIN);
	verify_info();
}

CRTEST(.about = "packets in the queues of UDP sockets", .ids = "IN-1", .arrange = arrange, .verify = verify)
