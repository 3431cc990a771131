// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of unix sockets that are deleted: bound by one after the other, by both ends of a pair, with their directory, renamed away and
 * back over another one, of a server whose client is a child, of a server that ten children send to, with a fifo in its place.
 */
#include "test/crtest-unix.h"

#define CLIENTS 10

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };

static struct {
	int a[4], b[4];	    /* connected pairs, over a name each that was deleted before the next one was bound */
	int first, second;  /* listeners of one name, the first one renamed back over the second */
	int gram[2], fifos; /* bound, deleted, with a fifo there; the second by a relative name from elsewhere */
} t[3];

static int accepted, many;
static struct task *client, *clients[CLIENTS];
static char here[4000];

/* Both ends are bound to the name in turn when the number is odd. The ends of the last go to high numbers. */
static void arrange_pair(int i, int nr)
{
	int server = unix_bound(types[i], "dir/sub/same");

	if (i < 2)
		must(listen(server, 1));
	if (nr % 2) {
		must(rename("dir/sub/same", "dir/sub/away"));
		t[i].a[nr] = unix_bound(types[i], "dir/sub/same");
		must(unlink("dir/sub/same"));
		must(rename("dir/sub/away", "dir/sub/same"));
	} else {
		t[i].a[nr] = must(socket(AF_UNIX, types[i], 0));
	}
	must(unix_connect(t[i].a[nr], "dir/sub/same"));
	t[i].b[nr] = i < 2 ? must(accept(server, NULL, NULL)) : server;
	must(unlink("dir/sub/same"));
	if (i < 2)
		close(server);
	if (nr == 3) {
		must(dup2(t[i].a[nr], 500 + i));
		must(dup2(t[i].b[nr], 600 + i));
		close(t[i].a[nr]);
		close(t[i].b[nr]);
		t[i].a[nr] = 500 + i;
		t[i].b[nr] = 600 + i;
	}
}

static void arrange_renamed(int i)
{
	const char *name = i ? "path.packets" : "path.stream";

	t[i].first = unix_server(types[i], name);
	must(rename(name, "kept for later"));
	t[i].second = unix_server(types[i], name);
	must(rename("kept for later", name));
}

static void arrange_fifo(int i)
{
	char name[16];

	snprintf(name, sizeof(name), "fifo-%d", i);
	t[i].gram[0] = unix_bound(SOCK_DGRAM, name);
	must(unlink(name));
	t[i].gram[1] = unix_bound(SOCK_DGRAM, name);
	must(unlink(name));
	must(mkfifo(name, 0600));
	t[i].fifos = must(open(name, O_RDWR));
	must(write(t[i].fifos, "fifo", 4));
}

static void client_arrange(void *arg)
{
	int i = *(int *)arg;

	accepted = i < 0 ? unix_client(SOCK_STREAM, "served") : unix_client(SOCK_DGRAM, "many");
}

static void client_verify(void *arg)
{
	check_eq(send(accepted, "child", 5, 0), 5);
}

static void arrange(void)
{
	int server = unix_server(SOCK_STREAM, "served"), no = -1;

	must((long)getcwd(here, sizeof(here)));
	client = task_child(client_arrange, client_verify, &no);
	accepted = must(accept(server, NULL, NULL));
	must(unlink("served"));
	must(mkdir("dir", 0755));
	must(mkdir("dir/sub", 0755));
	for (int i = 0; i < 3; i++)
		for (int nr = 0; nr < 4; nr++)
			arrange_pair(i, nr);
	must(rmdir("dir/sub"));
	must(rmdir("dir"));
	for (int i = 0; i < 2; i++)
		arrange_renamed(i);
	for (int i = 0; i < 2; i++)
		arrange_fifo(i);
	many = unix_bound(SOCK_DGRAM, "many");
	for (int i = 0; i < CLIENTS; i++) {
		int fd = accepted;

		clients[i] = task_child(client_arrange, client_verify, &i);
		accepted = fd;
	}
	must(dup2(many, 900));
	close(many);
	must(unlink("many"));
	must(chdir("/"));
}

static void verify_renamed(int i)
{
	const char *name = i ? "path.packets" : "path.stream";
	int fd = unix_client(types[i], name), got;

	got = must(accept4(t[i].first, NULL, NULL, SOCK_NONBLOCK));
	check_both_ways(fd, got);
	check_name(t[i].second, getsockname, name);
	check_eq(fcntl(t[i].second, F_SETFL, O_NONBLOCK), 0);
	check_fails(accept(t[i].second, NULL, NULL), EAGAIN);
	close(fd);
}

static void verify(void)
{
	char b[8] = "";

	must(chdir(here));
	for (int i = 0; i < 3; i++)
		for (int nr = 0; nr < 4; nr++) {
			if (i < 2)
				check_both_ways(t[i].a[nr], t[i].b[nr]);
			else
				check_flows(t[i].a[nr], t[i].b[nr]);
			check_name(t[i].a[nr], getsockname, nr % 2 ? "dir/sub/same" : "");
			check_name(t[i].b[nr], getsockname, "dir/sub/same");
		}
	check_fails(access("dir", F_OK), ENOENT);
	for (int i = 0; i < 2; i++) {
		verify_renamed(i);
		check_eq(read(t[i].fifos, b, 8), 4);
		check_mem(b, "fifo", 4);
		for (int j = 0; j < 2; j++) {
			check_eq(unix_connect(t[i].gram[j], "fifo-0"), -1);
			snprintf(b, sizeof(b), "fifo-%d", i);
			check_name(t[i].gram[j], getsockname, b);
		}
	}
	task_join(client);
	check_eq(recv(accepted, b, 8, 0), 5);
	check_fails(access("served", F_OK), ENOENT);
	for (int i = 0; i < CLIENTS; i++)
		task_join(clients[i]);
	for (int i = 0; i < CLIENTS; i++)
		check_eq(recv(900, b, 8, MSG_DONTWAIT), 5);
	check_fails(access("many", F_OK), ENOENT);
}

CRTEST(.about = "deleted names of unix sockets", .ids = "UX-12 UX-13 UX-14 UX-15 UX-21", .arrange = arrange,
       .verify = verify)
