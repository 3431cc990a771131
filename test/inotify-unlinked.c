// SPDX-License-Identifier: GPL-2.0-only
/* A watch on a directory, and one on a file in it that was deleted while it is open. */
#include <sys/inotify.h>

#include "test/crtest.h"

static int in, dirs, fd, w_dir, w_file;

static void arrange(void)
{
	must(mkdir("d", 0700));
	fd = must(open("d/file", O_CREAT | O_RDWR, 0600));
	in = must(inotify_init1(IN_NONBLOCK));
	dirs = must(inotify_init1(IN_NONBLOCK));
	w_dir = must(inotify_add_watch(dirs, "d", IN_CREATE | IN_CLOSE_WRITE));
	w_file = must(inotify_add_watch(in, "d/file", IN_CLOSE_WRITE | IN_MODIFY));
	must(unlink("d/file"));
}

static void expect(int from, int wd, uint32_t mask, const char *name)
{
	static char buf[4096] __attribute__((aligned(8)));
	static ssize_t left;
	static char *at;
	struct inotify_event *ev;

	if (left <= 0) {
		at = buf;
		left = read(from, buf, sizeof(buf));
		check(left > 0);
	}
	ev = (struct inotify_event *)at;
	check_eq(ev->wd, wd);
	check_eq(ev->mask, mask);
	check_str(ev->len ? ev->name : "", name);
	at += sizeof(*ev) + ev->len;
	left -= sizeof(*ev) + ev->len;
}

static void verify(void)
{
	char buf[64];

	check_fails(read(in, buf, sizeof(buf)), EAGAIN);
	check_eq(write(fd, "x", 1), 1);
	expect(in, w_file, IN_MODIFY, "");
	close(fd);
	expect(in, w_file, IN_CLOSE_WRITE, "");
	expect(in, w_file, IN_IGNORED, "");
	while (read(dirs, &(char[256]){ 0 }, 256) > 0)
		;
	fd = open("d/file", O_CREAT | O_EXCL | O_RDWR, 0600);
	check(fd >= 0);
	close(fd);
	expect(dirs, w_dir, IN_CREATE, "file");
	expect(dirs, w_dir, IN_CLOSE_WRITE, "file");
	check_eq(unlink("d/file"), 0);
	check_eq(rmdir("d"), 0);
}

CRTEST(.about = "inotify watch on a deleted file", .ids = "EV-5", .opts = "--link-remap", .arrange = arrange,
       .verify = verify)
