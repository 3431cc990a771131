// SPDX-License-Identifier: GPL-2.0-only
/* flock(): shared and exclusive, of a file that only a child has still, tried in vain by the parent; overlapping OFD locks. */
#include <sys/file.h>

#include "test/crtest.h"

static int plain[3], inherited, pair[2], ofd[4], forked;
static struct task *child;

static const struct {
	int start, len;
} ranges[4] = { { 0, 20 }, { 10, 30 }, { 0, 100 }, { 70, 200 } };

static void hold(void *arg)
{
	check_fails(flock(must(open("inherited", O_RDWR)), LOCK_EX | LOCK_NB), EWOULDBLOCK);
	check_eq(flock(inherited, LOCK_EX | LOCK_NB), 0); /* its own */
}

static int nr_locks(int fd, const char *what)
{
	char path[40], line[256];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		n += !strncmp(line, "lock:", 5) && strstr(line, what);
	fclose(f);
	return n;
}

static void arrange(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	plain[0] = tmp_file("shared", 1, 1, O_RDWR);
	plain[1] = tmp_file("exclusive", 1, 1, O_RDWR);
	plain[2] = tmp_file("none", 1, 1, O_RDWR);
	must(flock(plain[0], LOCK_SH));
	must(flock(plain[1], LOCK_EX));
	pair[0] = tmp_file("pair", 1, 1, O_RDWR);
	pair[1] = must(open("pair", O_RDWR));
	must(flock(pair[0], LOCK_SH));
	inherited = tmp_file("inherited", 1, 1, O_RDWR);
	must(flock(inherited, LOCK_EX));
	child = task_child(NULL, hold, NULL);
	must(close(inherited));
	inherited = must(open("inherited", O_RDWR));
	if (!flock(inherited, LOCK_EX | LOCK_NB))
		crtest_broken(__FILE__, __LINE__, "flock");
	forked = tmp_file("forked", 300, 1, O_RDWR);
	must(fcntl(forked, F_OFD_SETLK, &l));
	for (int i = 0; i < 4; i++) {
		ofd[i] = i ? must(open("ofd", O_RDWR)) : tmp_file("ofd", 300, 1, O_RDWR);
		l = (struct flock){ F_RDLCK, SEEK_SET, ranges[i].start, ranges[i].len, 0 };
		must(fcntl(ofd[i], F_OFD_SETLK, &l));
	}
}

static void verify(void)
{
	char line[64];
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	check_eq(nr_locks(plain[0], "READ"), 1);
	check_eq(nr_locks(plain[1], "WRITE"), 1);
	check_eq(nr_locks(plain[2], ""), 0);
	snprintf(line, sizeof(line), "FLOCK  ADVISORY  WRITE %d ", getpid());
	check_eq(nr_locks(plain[1], line), 1);
	check_eq(flock(pair[1], LOCK_SH | LOCK_NB), 0);
	check_eq(flock(pair[1], LOCK_UN), 0);
	check_fails(flock(inherited, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	check_eq(nr_locks(inherited, ""), 0);
	for (int i = 0; i < 4; i++) {
		snprintf(line, sizeof(line), " %d %d\n", ranges[i].start, ranges[i].start + ranges[i].len - 1);
		check_eq(nr_locks(ofd[i], "OFDLCK"), 1);
		check_eq(nr_locks(ofd[i], line), 1);
	}
	check_eq(fcntl(must(open("forked", O_RDWR)), F_OFD_GETLK, &l), 0);
	check_eq(l.l_type, F_WRLCK);
	check_eq(l.l_len, 0);
	task_join(child);
}

CRTEST(.about = "flock() and OFD locks", .ids = "FL-3 FL-5 FL-6 FL-7 FL-8", .solo = true, .opts = "--file-locks",
       .arrange = arrange, .verify = verify)
