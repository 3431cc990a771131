// SPDX-License-Identifier: GPL-2.0-only
/* FIFOs in every state: full and half-open, with ends in two tasks, read only, with and without writers that have gone, deleted. */
#include <poll.h>

#include "test/crtest.h"

#define FULL 65536

static int both, left, writer, gone_writer, never, unread, cross[2], moved, deleted[2];
static struct task *child;
static char data[FULL];

static int make(const char *name, int flags)
{
	must(mkfifo(name, 0640));
	return must(open(name, flags));
}

static void hold_other_ends(void *arg)
{
	cross[0] = must(open("cross0", O_RDONLY | O_NONBLOCK));
	cross[1] = must(open("cross1", O_RDONLY | O_NONBLOCK));
}

static void use_other_ends(void *arg)
{
	char buf[8];

	check_eq(read(cross[0], buf, sizeof(buf)), 4);
	check_mem(buf, "zero", 4);
	check_eq(read(cross[1], buf, sizeof(buf)), 3);
	check_mem(buf, "one", 3);
	check_eq(write(moved, "back", 4), 4);
}

static void arrange_cross(void)
{
	int first = make("cross0", O_RDWR), second = make("cross1", O_RDWR);

	moved = must(dup2(make("moved", O_RDWR), 64));
	child = task_child(hold_other_ends, use_other_ends, NULL);
	cross[0] = must(open("cross0", O_WRONLY));
	cross[1] = must(open("cross1", O_WRONLY));
	close(first);
	close(second);
	must(write(cross[0], "zero", 4));
	must(write(cross[1], "one", 3));
}

static void arrange_deleted(void)
{
	int rw = make("deleted0", O_RDWR);

	deleted[0] = must(open("deleted0", O_RDONLY | O_NONBLOCK));
	must(write(rw, "rest", 4));
	close(rw);
	must(unlink("deleted0"));
	deleted[1] = make("deleted1", O_RDWR);
	must(write(deleted[1], "more", 4));
	must(unlink("deleted1"));
}

static void arrange(void)
{
	fill_random(data, sizeof(data), 1);
	both = make("both", O_RDWR);
	must(write(both, data, FULL));
	left = make("left", O_RDWR);
	must(write(left, "left", 4));
	must(dup2(must(open("left", O_RDONLY)), left));
	gone_writer = make("writer", O_RDONLY | O_NONBLOCK);
	writer = must(open("writer", O_WRONLY));
	close(gone_writer);
	gone_writer = make("gone", O_RDONLY | O_NONBLOCK);
	close(must(open("gone", O_WRONLY)));
	never = make("never", O_RDONLY | O_NONBLOCK);
	unread = make("unread", O_RDWR);
	must(write(unread, "unread", 6));
	must(dup2(must(open("unread", O_WRONLY)), unread));
	arrange_cross();
	arrange_deleted();
}

static int events(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	check_in(poll(&p, 1, 0), 0, 1);
	return p.revents;
}

static void verify(void)
{
	static char buf[FULL];
	struct stat st;
	int fd;

	check_eq(read(both, buf, FULL), FULL);
	check_mem(buf, data, FULL);
	check_eq(fcntl(both, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
	check_eq(read(left, buf, FULL), 4);
	check_mem(buf, "left", 4);
	check_eq(events(left), POLLHUP);
	check_eq(events(writer), POLLOUT | POLLERR);
	fd = open("writer", O_RDONLY | O_NONBLOCK);
	check_eq(write(writer, "now", 3), 3);
	check_eq(read(fd, buf, FULL), 3);
	check_eq(events(gone_writer), POLLHUP);
	check_eq(events(never), 0);
	check_eq(fcntl(never, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY | O_NONBLOCK);
	fd = open("unread", O_RDONLY | O_NONBLOCK);
	check_eq(read(fd, buf, FULL), 6);
	check_mem(buf, "unread", 6);
	task_join(child);
	check_eq(read(moved, buf, FULL), 4);
	check_eq(read(deleted[0], buf, FULL), 4);
	check_mem(buf, "rest", 4);
	check_eq(read(deleted[0], buf, FULL), 0);
	check_eq(read(deleted[1], buf, FULL), 4);
	check_mem(buf, "more", 4);
	check_eq(stat("both", &st), 0);
	check_eq(st.st_mode, S_IFIFO | 0640);
	check_fails(access("deleted0", F_OK), ENOENT);
	check_fails(access("deleted1", F_OK), ENOENT);
}

CRTEST(.about = "FIFOs", .ids = "PF-5 PF-7 PF-8", .arrange = arrange, .verify = verify)
