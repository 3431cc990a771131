// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events that wait in the queue of an inotify instance come back: those of a directory, a file, a symbolic link, of watches that are
 * gone since, in their order, with the cookies of renames equal in pairs. So does the news that some were lost, at its place.
 */
#include <dirent.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

#include "test/crtest.h"

#define SIZE  (1 << 16)
#define EVENT 16

static int in, full, nr_before;
static char want[SIZE], got[SIZE];

static void touch(const char *name)
{
	close(must(open(name, O_CREAT | O_WRONLY, 0600)));
}

static void read_dir(const char *name)
{
	int fd = must(open(name, O_RDONLY | O_DIRECTORY));
	char buf[1024];

	must(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	close(fd);
}

static int watch(const char *name, uint32_t mask)
{
	return must(inotify_add_watch(in, name, mask));
}

static void begin(void)
{
	must(mkdir("d", 0700));
	must(mkdir("e", 0700));
	must(mkdir("gone-dir", 0700));
	touch("file");
	touch("gone");
	must(symlink("nowhere", "link"));
	in = must(inotify_init1(IN_NONBLOCK));
	watch("d", IN_ALL_EVENTS);
	watch("e", IN_ALL_EVENTS);
	watch("file", IN_ALL_EVENTS);
	watch("link", IN_ALL_EVENTS | IN_DONT_FOLLOW);
	watch("gone-dir", IN_ALL_EVENTS);
}

static void use_names(void)
{
	char c;
	int fd;

	touch("d/new");
	fd = must(open("d/new", O_RDWR));
	must(write(fd, "x", 1));
	must(pread(fd, &c, 1, 0));
	close(fd);
	must(chmod("d/new", 0640));
	must(rename("d/new", "d/ odd\n\\"));
	must(rename("d/ odd\n\\", "e/moved"));
	must(rename("e/moved", "d/back"));
	must(rename("d/back", "out"));
	must(rename("out", "d/in"));
	must(unlink("d/in"));
	must(mkdir("d/sub", 0700));
	read_dir("d/sub");
	must(rename("d/sub", "e/sub"));
	must(rmdir("e/sub"));
	read_dir("d");
}

static void use_files(void)
{
	int fd = must(open("file", O_WRONLY));

	must(write(fd, "x", 1));
	close(fd);
	close(must(open("file", O_RDONLY)));
	must(rename("file", "file-2"));
	must(rename("file-2", "file"));
	must(chmod("file", 0640));
	must(utimensat(AT_FDCWD, "file", (const struct timespec[]){ { .tv_nsec = UTIME_OMIT }, { 5, 0 } }, 0));
	must(lchown("link", -1, getgid()));
	watch("gone", IN_ALL_EVENTS);
	must(unlink("gone"));
	must(inotify_rm_watch(in, watch(".", IN_CREATE)));
	watch("e", IN_CREATE | IN_ONESHOT);
	touch("e/last");
	must(rmdir("gone-dir"));
}

static void end(void)
{
	unlink("e/last");
	unlink("file");
	unlink("link");
	rmdir("d");
	rmdir("e");
	close(in);
}

/* One line for each event; a cookie by its number in the order in which they come. */
static int describe(int fd, char *to)
{
	static char buf[SIZE] __attribute__((aligned(8)));
	uint32_t cookies[64];
	int nr = 0, n = 0, bytes = read(fd, buf, sizeof(buf));
	const struct inotify_event *ev;

	for (int at = 0; at < bytes; at += sizeof(*ev) + ev->len, n++) {
		int c = 0;

		ev = (const void *)(buf + at);
		while (c < nr && cookies[c] != ev->cookie)
			c++;
		if (ev->cookie && c == nr)
			cookies[nr++] = ev->cookie;
		to += sprintf(to, "%d %x %d %s\n", ev->wd, ev->mask, ev->cookie ? c + 1 : 0, ev->len ? ev->name : "");
	}
	*to = '\0';
	return n;
}

/* As many as fit, the news of that, of which all but 20 are read, and two more. */
static void overflow(void)
{
	char text[16] = "", *buf;
	long max;

	must(read_file("/proc/sys/fs/inotify/max_queued_events", text, sizeof(text) - 1));
	max = atol(text);
	full = must(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	must(mkdir("o", 0700));
	must(inotify_add_watch(full, "o", IN_OPEN | IN_CLOSE_NOWRITE));
	for (long i = 0; i <= max; i += 2)
		close(must(open("o", O_RDONLY)));
	buf = malloc(max * EVENT);
	check_eq(read(full, buf, (max - 20) * EVENT), (max - 20) * EVENT);
	free(buf);
	close(must(open("o", O_RDONLY)));
}

static void arrange(void)
{
	begin();
	use_names();
	use_files();
	nr_before = describe(in, want);
	end();
	begin();
	use_names();
	use_files();
	overflow();
}

static void verify(void)
{
	int bytes = 0;

	check_eq(ioctl(full, FIONREAD, &bytes), 0);
	check_eq(bytes, 23 * EVENT);
	check_eq(describe(in, got), nr_before);
	check_str(got, want);
	check_in(nr_before, 40, 60);
	touch("d/after");
	check_eq(describe(in, got), 3);
	check_str(got, "1 100 0 after\n1 20 0 after\n1 8 0 after\n");
	check_eq(watch(".", IN_CREATE), 8); /* none that the queue spoke of */
	check_eq(describe(full, got), 23);
	check(strstr(got, "\n1 40000010 0 \n-1 4000 0 \n1 40000020 0 \n1 40000010 0 \n"));
	unlink("d/after");
	rmdir("o");
	end();
}

CRTEST(.about = "inotify events in the queue", .ids = "EV-10", .flavours = "plain cycles sibling ns-tool",
       .arrange = arrange, .verify = verify)
