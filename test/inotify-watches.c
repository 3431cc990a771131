// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches of inotify keep their numbers and masks, and report what happens after the restore, but nothing of the restore itself:
 * on a directory, a file in it, a symbolic link, once only, with an odd name, renamed since, 64 of them.
 */
#include <sys/inotify.h>
#include <sys/ioctl.h>

#include "test/crtest.h"

#define MANY 64

static int in, dirs, all, many, open_file, open_dir;
static int w_dir, w_file, w_link, w_once, w_odd, w_moved;
static int numbers[MANY];

static void touch(const char *path)
{
	close(must(open(path, O_CREAT | O_WRONLY, 0600)));
}

static void arrange(void)
{
	char name[32];

	must(mkdir("d", 0700));
	touch("d/file");
	touch("d/once");
	touch("d/ odd\n\\name ");
	touch("d/before");
	must(symlink("file", "d/link"));
	open_dir = must(open("d", O_RDONLY | O_DIRECTORY));
	in = must(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	must(inotify_rm_watch(in, must(inotify_add_watch(in, "d", IN_CREATE))));
	check_eq(read(in, &(char[64]){ 0 }, 64), 16); /* IN_IGNORED */
	dirs = must(inotify_init1(IN_NONBLOCK));
	w_dir = must(inotify_add_watch(dirs, "d", IN_CREATE | IN_DELETE | IN_MOVE | IN_CLOSE_WRITE | IN_EXCL_UNLINK));
	must(inotify_rm_watch(in, must(inotify_add_watch(in, "d/once", IN_OPEN))));
	check_eq(read(in, &(char[64]){ 0 }, 64), 16);
	w_file = must(inotify_add_watch(in, "d/file", IN_MODIFY | IN_OPEN));
	w_link = must(inotify_add_watch(in, "d/link", IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW));
	w_once = must(inotify_add_watch(in, "d/once", IN_CLOSE_WRITE | IN_ONESHOT));
	w_odd = must(inotify_add_watch(in, "d/ odd\n\\name ", IN_CLOSE_WRITE));
	w_moved = must(inotify_add_watch(in, "d/before", IN_ATTRIB));
	open_file = must(open("d/file", O_RDWR));
	check_in(read(in, &(char[64]){ 0 }, 64), 16, 64); /* IN_OPEN */
	must(rename("d/before", "d/after"));
	check_eq(read(dirs, &(char[256]){ 0 }, 256), 64); /* IN_MOVED_FROM, IN_MOVED_TO */

	/* On the whole of what the restore opens. */
	all = must(inotify_init());
	must(fcntl(all, F_SETFL, O_NONBLOCK));
	must(inotify_add_watch(all, "d/file", IN_ALL_EVENTS));
	must(inotify_add_watch(all, "d", IN_ALL_EVENTS));
	check(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, must(open("d/after", O_RDONLY)), 0) != MAP_FAILED);
	must(inotify_add_watch(all, "d/after", IN_ALL_EVENTS));

	many = must(inotify_init1(IN_NONBLOCK));
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d/many-%d", i);
		touch(name);
		numbers[i] = must(inotify_add_watch(many, name, IN_CLOSE_WRITE));
	}
	while (read(in, &(char[4096]){ 0 }, 4096) > 0 || read(dirs, &(char[4096]){ 0 }, 4096) > 0)
		;
	while (read(all, &(char[4096]){ 0 }, 4096) > 0)
		;
}

/* The next event: its watch, mask and name. */
static void expect(int fd, int wd, uint32_t mask, const char *name)
{
	static struct {
		char buf[4096], *at;
		ssize_t left;
	} readers[64];
	struct inotify_event *ev;
	__auto_type r = &readers[fd];

	if (r->left <= 0) {
		r->at = r->buf;
		r->left = read(fd, r->buf, sizeof(r->buf));
		check(r->left > 0);
	}
	ev = (struct inotify_event *)r->at;
	check_eq(ev->wd, wd);
	check_eq(ev->mask, mask);
	check_str(ev->len ? ev->name : "", name);
	r->at += sizeof(*ev) + ev->len;
	r->left -= sizeof(*ev) + ev->len;
}

static void verify(void)
{
	char name[32], buf[64];
	int bytes = -1;

	check_eq(ioctl(in, FIONREAD, &bytes), 0);
	check_eq(bytes, 0);
	check_eq(ioctl(all, FIONREAD, &bytes), 0);
	check_eq(bytes, 0);
	check_eq(ioctl(many, FIONREAD, &bytes), 0);
	check_eq(bytes, 0);
	check_eq(fcntl(in, F_GETFD), FD_CLOEXEC);
	check_eq(fcntl(in, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	check_fails(read(in, buf, sizeof(buf)), EAGAIN);

	check_eq(write(open_file, "x", 1), 1);
	expect(in, w_file, IN_MODIFY, "");
	touch("d/once");
	expect(dirs, w_dir, IN_CLOSE_WRITE, "once");
	expect(in, w_once, IN_CLOSE_WRITE, "");
	expect(in, w_once, IN_IGNORED, "");
	touch("d/ odd\n\\name ");
	expect(dirs, w_dir, IN_CLOSE_WRITE, " odd\n\\name ");
	expect(in, w_odd, IN_CLOSE_WRITE, "");
	check_eq(chmod("d/after", 0640), 0);
	expect(in, w_moved, IN_ATTRIB, "");
	check_eq(unlink("d/link"), 0);
	expect(dirs, w_dir, IN_DELETE, "link");
	expect(in, w_link, IN_ATTRIB, "");
	expect(in, w_link, IN_DELETE_SELF, "");
	expect(in, w_link, IN_IGNORED, "");
	check_eq(unlink("d/file"), 0);
	expect(dirs, w_dir, IN_DELETE, "file");
	check_eq(write(open_file, "x", 1), 1);
	expect(in, w_file, IN_MODIFY, "");
	/* A new watch gets a new number. */
	check(inotify_add_watch(in, ".", IN_CREATE) > w_moved);

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d/many-%d", i);
		touch(name);
		expect(many, numbers[i], IN_CLOSE_WRITE, "");
		check_eq(unlink(name), 0);
		expect(many, numbers[i], IN_IGNORED, "");
	}
	unlink("d/once");
	unlink("d/ odd\n\\name ");
	unlink("d/after");
	close(open_dir);
	check_eq(rmdir("d"), 0);
}

CRTEST(.about = "inotify watches", .ids = "EV-7 EV-8", .arrange = arrange, .verify = verify)
