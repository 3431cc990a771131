// SPDX-License-Identifier: GPL-2.0-only
/* A tree full of things that cannot be saved: the dump names all of them in one run, and the tree goes on. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include "test/crtest.h"

static int outside, watch, deleted, tcp[2];
static struct task *child;

static void make_connection(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server = must(socket(AF_INET, SOCK_STREAM, 0));
	socklen_t len = sizeof(a);

	must(bind(server, (struct sockaddr *)&a, sizeof(a)));
	must(listen(server, 1));
	must(getsockname(server, (struct sockaddr *)&a, &len));
	tcp[0] = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(tcp[0], (struct sockaddr *)&a, sizeof(a)));
	tcp[1] = must(accept(server, NULL, NULL));
	close(server);
}

static void make_pidfd(void *arg)
{
	outside = must(syscall(SYS_pidfd_open, 1, 0));
}

static void use_pidfd(void *arg)
{
	check_fails(syscall(SYS_pidfd_send_signal, outside, 0, NULL, 0), EPERM);
}

static void arrange(void)
{
	child = task_child(make_pidfd, use_pidfd, NULL);
	watch = must(inotify_init1(IN_NONBLOCK));
	must(inotify_add_watch(watch, ".", IN_CREATE));
	close(must(open("new", O_WRONLY | O_CREAT, 0600)));
	deleted = tmp_file("deleted-file", 100, 1, O_RDWR);
	must(link("deleted-file", "its-other-name"));
	must(unlink("deleted-file"));
	make_connection();
}

static void verify(void)
{
	char buf[100];

	task_join(child);
	unlink("new");
	check_in(read(watch, buf, sizeof(buf)), 1, 100);
	check_eq(read(deleted, buf, 100), 100);
	check_random(buf, 96, 1);
	check_eq(write(tcp[0], "x", 1), 1);
	check_eq(read(tcp[1], buf, 1), 1);
}

CRTEST(.about = "all refusals in one run", .ids = "G-6", .refused = "pidfd|inotify|deleted-file|TCP",
       .dump_opts = "--leave-running", .arrange = arrange, .verify = verify)
