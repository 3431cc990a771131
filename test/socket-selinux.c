// SPDX-License-Identifier: GPL-2.0-only
/*
 * SELinux: sockets of all families have the label that they were made with, whether it is that of the process (attr/sockcreate is empty
 * then), or the one that it asked for, and still asks for. Connections know that of their other end. So do pipes, memfds and deleted files have theirs.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "test/crtest-selinux.h"

enum { TCP, UDP6, NETLINK, PACKET, PAIR, PAIR_END, ALONE, CLIENT, SERVER, LEFT, PIPE, PIPE_END, MEMFD, GHOST, COUNT };

struct made {
	const char *context; /* of the process */
	const char *asked;   /* attr/sockcreate; "": nothing */
	int fds[COUNT];
	int carrier[2]; /* a socket is on its way through it */
};

static struct made plain = { .context = OURS, .asked = "" }, confined = { .context = CHILDS, .asked = "" },
		   asking = { .context = CHILDS, .asked = SOCKETS };
static struct task *children[2];

static void send_fd(int through, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec iov = { "x", 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c) };

	memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
	must(sendmsg(through, &m, 0));
}

static int receive_fd(int through)
{
	char room[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	int fd;

	must(recvmsg(through, &m, 0));
	check_eq(m.msg_controllen, sizeof(room));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

/* To a socket of another label; and one end that is left of such a connection. */
static void connect_pair(struct made *m)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int gone, listener = must(socket(AF_UNIX, SOCK_STREAM, 0));

	sprintf(a.sun_path, "selinux-%d", getpid());
	must(bind(listener, (struct sockaddr *)&a, sizeof(a)));
	must(listen(listener, 2));
	if (m != &plain)
		set_attr("sockcreate", OURS);
	m->fds[CLIENT] = must(socket(AF_UNIX, SOCK_STREAM, 0));
	gone = must(socket(AF_UNIX, SOCK_STREAM, 0));
	set_attr("sockcreate", m->asked[0] ? m->asked : "\n");
	must(connect(m->fds[CLIENT], (struct sockaddr *)&a, sizeof(a)));
	m->fds[SERVER] = must(accept(listener, NULL, NULL));
	must(connect(gone, (struct sockaddr *)&a, sizeof(a)));
	m->fds[LEFT] = must(accept(listener, NULL, NULL));
	must(unlink(a.sun_path));
	close(gone);
	close(listener);
}

static const char *label_of(const struct made *m, int i)
{
	if (i == CLIENT)
		return OURS;
	if (i == PIPE || i == PIPE_END)
		return m->context;
	if (i == MEMFD || i == GHOST)
		return SOCKETS;
	return m->asked[0] ? m->asked : m->context;
}

static void look(const struct made *m)
{
	int one = 1;

	check_attr("current", m->context);
	check_attr("sockcreate", m->asked);
	for (int i = 0; i < COUNT; i++)
		check_label(m->fds[i], label_of(m, i));
	check_peer_label(m->fds[CLIENT], label_of(m, SERVER));
	check_peer_label(m->fds[SERVER], OURS);
	check_peer_label(m->fds[LEFT], OURS);
	check_peer_label(m->fds[PAIR], label_of(m, PAIR));
	/* It is the label by which the kernel decides, too. */
	if (m->asked[0])
		check_fails(setsockopt(m->fds[TCP], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)), EACCES);
	else
		must(setsockopt(m->fds[TCP], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
}

static void make(void *arg)
{
	struct made *m = arg;
	int *fds = m->fds, extra;

	fds[MEMFD] = must(memfd_create("selinux", 0));
	must(fsetxattr(fds[MEMFD], "security.selinux", SOCKETS, strlen(SOCKETS), 0));
	set_attr("fscreate", SOCKETS);
	fds[GHOST] = tmp_file("selinux", 1, 1, O_RDWR);
	must(unlink("selinux"));
	set_attr("fscreate", "\n");
	if (m != &plain)
		set_attr("current", m->context);
	if (m->asked[0])
		set_attr("sockcreate", m->asked);
	fds[TCP] = must(socket(AF_INET, SOCK_STREAM, 0));
	must(listen(fds[TCP], 1));
	fds[UDP6] = must(socket(AF_INET6, SOCK_DGRAM, 0));
	fds[NETLINK] = must(socket(AF_NETLINK, SOCK_RAW, 0));
	fds[PACKET] = must(socket(AF_PACKET, SOCK_RAW, 0));
	fds[ALONE] = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, &fds[PAIR]));
	must(pipe(&fds[PIPE]));
	connect_pair(m);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, m->carrier));
	extra = must(socket(AF_INET, SOCK_DGRAM, 0));
	send_fd(m->carrier[1], extra);
	close(extra);
	look(m);
}

static void verify_made(void *arg)
{
	const struct made *m = arg;

	look(m);
	check_label(receive_fd(m->carrier[0]), label_of(m, UDP6));
}

static void arrange(void)
{
	selinux_need();
	make(&plain);
	children[0] = task_child(make, verify_made, &confined);
	children[1] = task_child(make, verify_made, &asking);
}

static void verify(void)
{
	verify_made(&plain);
	task_join(children[0]);
	task_join(children[1]);
}

CRTEST(.about = "labels of sockets", .ids = "CR-22", .arrange = arrange, .verify = verify, .root = true)
