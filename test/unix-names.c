// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of unix sockets: relative, from a directory that is the working directory no more, abstract with zero bytes in it, deleted
 * with their directory, made anew by others, moved, of a server that is closed, of a client.
 */
#include "test/crtest-unix.h"

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };

static struct {
	int relative, elsewhere, zeros, later, old, old_client, old_accepted, moved, second, left_client, left_accepted;
	int own_client, own_accepted, early_client, early_accepted, gram;
} t[2];

static char here[4096];

static socklen_t zeros_name(int i, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(a->sun_path, "\0a\0b\0c", 6);
	a->sun_path[6] = i;
	return sizeof(sa_family_t) + 7;
}

static const char *name(const char *base, int i)
{
	static char buf[64];

	snprintf(buf, sizeof(buf), "%s.%d", base, i);
	return buf;
}

static void arrange_deleted(int i)
{
	must(mkdir("dir", 0755));
	t[i].old = unix_server(types[i], "dir/old");
	t[i].old_client = unix_client(types[i], "dir/old");
	t[i].old_accepted = must(accept(t[i].old, NULL, NULL));
	must(unlink("dir/old"));
	close(must(unix_server(types[i], "dir/old")));
	must(unlink("dir/old"));
	t[i].gram = unix_bound(SOCK_DGRAM, "dir/fifo");
	must(unlink("dir/fifo"));
	must(rmdir("dir"));
}

static void arrange_one(int i)
{
	struct sockaddr_un a;
	socklen_t len = zeros_name(i, &a);
	int server;

	t[i].relative = unix_server(types[i], name("relative", i));
	must(mkdir(name("sub", i), 0755));
	must(chdir(name("sub", i)));
	t[i].elsewhere = unix_server(types[i], "./elsewhere");
	must(chdir(here));
	t[i].zeros = must(socket(AF_UNIX, types[i], 0));
	must(bind(t[i].zeros, (struct sockaddr *)&a, len));
	t[i].later = must(socket(AF_UNIX, types[i], 0));
	arrange_deleted(i);
	t[i].moved = unix_server(types[i], name("twice", i));
	must(rename(name("twice", i), "for a moment"));
	t[i].second = unix_server(types[i], name("twice", i));
	if (i)
		must(unlink("for a moment"));
	else
		must(rename("for a moment", "moved"));
	server = unix_server(types[i], name("left", i));
	t[i].left_client = unix_client(types[i], name("left", i));
	t[i].left_accepted = must(accept(server, NULL, NULL));
	close(server);
	t[i].own_client = unix_bound(types[i], name("own", i));
	must(unix_connect(t[i].own_client, name("relative", i)));
	t[i].own_accepted = must(accept(t[i].relative, NULL, NULL));
	t[i].early_client = must(socket(AF_UNIX, types[i], 0));
	must(shutdown(t[i].early_client, SHUT_RD));
	must(unix_connect(t[i].early_client, name("relative", i)));
	t[i].early_accepted = must(accept(t[i].relative, NULL, NULL));
}

static void arrange(void)
{
	must((long)getcwd(here, sizeof(here)));
	for (int i = 0; i < 2; i++)
		arrange_one(i);
}

static void reach(int server, const char *to, int type)
{
	int fd = unix_client(type, to), accepted;

	fcntl(server, F_SETFL, O_NONBLOCK);
	accepted = accept(server, NULL, NULL);
	check(accepted >= 0);
	check_both_ways(fd, accepted);
	close(fd);
	close(accepted);
}

static void verify_one(int i)
{
	struct sockaddr_un a;
	socklen_t len = zeros_name(i, &a);

	reach(t[i].relative, name("relative", i), types[i]);
	check_eq(chdir(name("sub", i)), 0);
	reach(t[i].elsewhere, "./elsewhere", types[i]);
	check_name(t[i].elsewhere, getsockname, "./elsewhere");
	check_eq(chdir(here), 0);
	check_eq(listen(t[i].zeros, 3), 0);
	check_eq(connect(t[i].later, (struct sockaddr *)&a, len), 0);
	check(accept(t[i].zeros, NULL, NULL) >= 0);
	check_both_ways(t[i].old_client, t[i].old_accepted);
	check_name(t[i].old_client, getpeername, "dir/old");
	check_name(t[i].gram, getsockname, "dir/fifo");
	check_fails(access("dir", F_OK), ENOENT);
	check_name(t[i].moved, getsockname, name("twice", i));
	if (!i)
		reach(t[i].moved, "moved", types[i]);
	reach(t[i].second, name("twice", i), types[i]);
	check_both_ways(t[i].left_client, t[i].left_accepted);
	check_name(t[i].left_accepted, getsockname, name("left", i));
	check_eq(unlink(name("left", i)), 0);
	check_both_ways(t[i].own_client, t[i].own_accepted);
	check_name(t[i].own_accepted, getpeername, name("own", i));
	check_eq(access(name("own", i), F_OK), 0);
	check_flows(t[i].early_client, t[i].early_accepted);
	check_fails(send(t[i].early_accepted, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void verify(void)
{
	for (int i = 0; i < 2; i++)
		verify_one(i);
	check_fails(access("for a moment", F_OK), ENOENT);
}

CRTEST(.about = "names of unix sockets", .ids = "UX-4 UX-10 UX-11 UX-12 UX-14 UX-15 UX-21", .arrange = arrange,
       .verify = verify, .root = true)
