/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of unix sockets. */
#ifndef CRTEST_UNIX_H
#define CRTEST_UNIX_H

#include <sys/socket.h>
#include <sys/un.h>

#include "test/crtest.h"

/* '@' at the beginning is an abstract name. */
static inline socklen_t unix_name(const char *name, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strncpy(a->sun_path, name, sizeof(a->sun_path) - 1);
	if (*name != '@')
		return sizeof(*a);
	a->sun_path[0] = '\0';
	return sizeof(sa_family_t) + strlen(name);
}

static inline int unix_bound(int type, const char *name)
{
	struct sockaddr_un a;
	socklen_t len = unix_name(name, &a);
	int fd = must(socket(AF_UNIX, type, 0));

	must(bind(fd, (struct sockaddr *)&a, len));
	return fd;
}

static inline int unix_server(int type, const char *name)
{
	int fd = unix_bound(type, name);

	must(listen(fd, 8));
	return fd;
}

static inline int unix_connect(int fd, const char *name)
{
	struct sockaddr_un a;
	socklen_t len = unix_name(name, &a);

	return connect(fd, (struct sockaddr *)&a, len);
}

static inline int unix_client(int type, const char *name)
{
	int fd = must(socket(AF_UNIX, type, 0));

	must(unix_connect(fd, name));
	return fd;
}

/* What goes in at one socket comes out at the other. */
#define check_flows(from, to)                                        \
	({                                                           \
		char b_[8] = "";                                     \
		check_eq(send(from, "flow", 4, MSG_NOSIGNAL), 4);    \
		check_eq(recv(to, b_, sizeof(b_), MSG_DONTWAIT), 4); \
		check_mem(b_, "flow", 4);                            \
	})

#define check_both_ways(a, b)      \
	({                         \
		check_flows(a, b); \
		check_flows(b, a); \
	})

/* "@" for the first byte of an abstract one; "" for none. */
static inline const char *unix_text(const struct sockaddr_un *a, socklen_t len)
{
	static char text[sizeof(a->sun_path) + 2];

	len -= sizeof(sa_family_t);
	memcpy(text, a->sun_path, len);
	text[len] = '\0';
	if (len && !*text)
		*text = '@';
	return text;
}

/* Its name, or its peer's. */
#define check_name(fd, get, name)                                        \
	({                                                               \
		struct sockaddr_un addr_ = { 0 };                        \
		socklen_t alen_ = sizeof(addr_);                         \
		check_eq(get(fd, (struct sockaddr *)&addr_, &alen_), 0); \
		check_str(unix_text(&addr_, alen_), name);               \
	})

#define check_peer_pid(fd, want)                                                  \
	({                                                                        \
		struct ucred c_ = { 0 };                                          \
		socklen_t len_ = sizeof(c_);                                      \
		check_eq(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c_, &len_), 0); \
		check_eq(c_.pid, want);                                           \
		check_eq(c_.uid, geteuid());                                      \
	})

/* A message with a descriptor in it, to whom the socket is connected. */
static inline void unix_give(int over, const char *text, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (char *)text, strlen(text) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	must(sendmsg(over, &m, 0));
}

/* The descriptor that comes with that message; -1 when none does. */
static inline int unix_take(int over, const char *text)
{
	char control[CMSG_SPACE(sizeof(int))], b[32] = "";
	struct iovec iov = { b, sizeof(b) - 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int fd = -1;

	check_eq(recvmsg(over, &m, MSG_DONTWAIT), strlen(text));
	check_str(b, text);
	if (CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

#endif
