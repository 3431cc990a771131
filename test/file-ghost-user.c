// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deleted files of an ordinary user: odd modes and an old time, a name that needs quotes in a directory that is read-only by now, a
 * file of O_TMPFILE there, changed after its end; hard links; a link, a directory; who gets the signals of a pipe.
 */
#include "test/crtest.h"

#define ODD "ro/x\\y\"z'\nq%s%n"
#define NR  3

static int odd, changed[NR], links[2], link_fd, dir, ends[2];
static volatile sig_atomic_t signals;

static void on_io(int sig)
{
	signals++;
}

static void change(int fd)
{
	char data[1000];

	fill_random(data, sizeof(data), 5);
	must(write(fd, data, sizeof(data)));
	must(fchmod(fd, 0640));
	must(lseek(fd, 0, SEEK_SET));
}

static void arrange_owner(void)
{
	struct sigaction sa = { .sa_handler = on_io, .sa_flags = SA_RESTART };

	must(sigaction(SIGIO, &sa, NULL));
	must(pipe(ends));
	for (int i = 0; i < 2; i++) {
		must(fcntl(ends[i], F_SETOWN, getpid()));
		must(fcntl(ends[i], F_SETSIG, SIGIO));
		must(fcntl(ends[i], F_SETFL, must(fcntl(ends[i], F_GETFL)) | O_ASYNC));
	}
}

static void arrange(void)
{
	const struct timespec old[2] = { { 123456, 0 }, { 123456, 0 } };

	odd = tmp_file("odd", 1000000, 4, O_RDWR);
	must(fchmod(odd, 06604));
	must(futimens(odd, old));
	must(unlink("odd"));
	must(mkdir("ro", 0700));
	changed[0] = tmp_file("changed", 0, 1, O_RDWR);
	must(unlink("changed"));
	changed[1] = tmp_file(ODD, 0, 1, O_RDWR);
	must(unlink(ODD));
	changed[2] = must(open("ro", O_TMPFILE | O_RDWR, 0600));
	for (int i = 0; i < NR; i++)
		change(changed[i]);
	must(chmod("ro", 0500));
	links[0] = tmp_file("one", 0, 1, O_RDWR);
	must(link("one", "two"));
	links[1] = must(open("two", O_RDWR));
	must(unlink("one"));
	must(unlink("two"));
	must(ftruncate(links[0], 1000));
	must(symlink("target", "link"));
	link_fd = must(open("link", O_PATH | O_NOFOLLOW));
	must(unlink("link"));
	must(mkdir("parent", 0700));
	must(mkdir("parent/dir", 0700));
	dir = must(open("parent/dir", O_RDONLY | O_DIRECTORY));
	must(rmdir("parent/dir"));
	must(rmdir("parent"));
	arrange_owner();
}

static void check_changed(int fd)
{
	struct stat st;
	char data[PAGE];

	check_eq(fstat(fd, &st), 0);
	check_eq(st.st_mode, S_IFREG | 0640);
	check_eq(st.st_uid, getuid());
	check_eq(st.st_gid, getgid());
	check_eq(st.st_nlink, 0);
	check_eq(lseek(fd, 0, SEEK_CUR), 0);
	check_eq(lseek(fd, 0, SEEK_END), 1000);
	check_eq(pread(fd, data, sizeof(data), 0), 1000);
	check_random(data, 1000, 5);
}

static void verify_owner(void)
{
	for (int i = 0; i < 2; i++) {
		check_eq(fcntl(ends[i], F_GETOWN), getpid());
		check_eq(fcntl(ends[i], F_GETSIG), SIGIO);
		check_eq(fcntl(ends[i], F_GETFL) & O_ASYNC, O_ASYNC);
	}
	check_eq(signals, 0);
	check_eq(write(ends[1], "x", 1), 1);
	check(signals > 0);
}

static void verify(void)
{
	static char data[1000000];
	struct stat st, other;

	check_eq(fstat(odd, &st), 0);
	check_eq(st.st_mode, S_IFREG | 06604);
	check_eq(st.st_mtime, 123456);
	check_eq(pread(odd, data, sizeof(data), 0), sizeof(data));
	check_random(data, sizeof(data), 4);
	for (int i = 0; i < NR; i++)
		check_changed(changed[i]);
	check_eq(fstat(links[0], &st), 0);
	check_eq(fstat(links[1], &other), 0);
	check(st.st_ino == other.st_ino && st.st_dev == other.st_dev);
	check_eq(lseek(links[1], 0, SEEK_END), 1000);
	check_eq(readlinkat(link_fd, "", data, sizeof(data)), 6);
	check_mem(data, "target", 6);
	check_eq(fstat(dir, &st), 0);
	check(S_ISDIR(st.st_mode));
	check_eq(st.st_nlink, 0);
	check_fails(access("odd", F_OK), ENOENT);
	check_fails(access(ODD, F_OK), ENOENT);
	check_fails(access("parent", F_OK), ENOENT);
	verify_owner();
	check_eq(stat("ro", &st), 0);
	check_eq(st.st_mode, S_IFDIR | 0500);
	check_eq(rmdir("ro"), 0);
}

/* The name that /proc shows of a file of O_TMPFILE is its inode number. */
CRTEST(.about = "deleted files of a user", .ids = "FS-5 FS-9 FS-13 FS-14 FS-15 FS-26", .busy = true, .arrange = arrange,
       .verify = verify)
