// SPDX-License-Identifier: GPL-2.0-only
/* Who holds a lock, by what fdinfo and F_GETLK say: whole files, a lock shared with a child, one that only a child has still. */
#include <sys/file.h>
#include <sys/sysmacros.h>

#include "test/crtest.h"

static int posix[2], flocked[3], shared, inherited;
static struct task *prober, *sharer, *heir;

/* The one lock that fdinfo of a descriptor lists; its owner (0: whoever), device and inode. */
static void check_lock(pid_t pid, int fd, const char *type, pid_t owner)
{
	char path[64], line[256], want[128], seen[256] = "";
	struct stat st;
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	check_eq(stat(path, &st), 0);
	snprintf(want, sizeof(want), "FLOCK  ADVISORY  %s %d %02x:%02x:%lu 0 EOF\n", type, owner, major(st.st_dev),
		 minor(st.st_dev), st.st_ino);
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	f = fopen(path, "r");
	check(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, "lock:", 5)) {
			strcpy(seen, line);
			n++;
		}
	fclose(f);
	check_eq(n, !!*type);
	if (owner)
		check_str(strstr(seen, "FLOCK"), want);
	else
		check(!n || strstr(seen, type));
}

static void probe(void *arg)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	check_eq(fcntl(posix[0], F_GETLK, &l), 0);
	check_eq(l.l_type, F_UNLCK);
	l.l_type = F_RDLCK;
	check_eq(fcntl(posix[1], F_GETLK, &l), 0);
	check_eq(l.l_type, F_WRLCK);
	check_eq(l.l_start, 0);
	check_eq(l.l_len, 0);
	check_eq(l.l_pid, getppid());
}

static void nothing(void *arg)
{
}

static void arrange(void)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	posix[0] = tmp_file("read", 10, 1, O_RDWR);
	posix[1] = tmp_file("write", 10, 1, O_RDWR);
	prober = task_child(NULL, probe, NULL);
	must(fcntl(posix[0], F_SETLK, &l));
	l.l_type = F_WRLCK;
	must(fcntl(posix[1], F_SETLK, &l));
	flocked[0] = tmp_file("shared", 1, 1, O_RDWR);
	flocked[1] = tmp_file("exclusive", 1, 1, O_RDWR);
	flocked[2] = tmp_file("none", 1, 1, O_RDWR);
	must(flock(flocked[0], LOCK_SH));
	must(flock(flocked[1], LOCK_EX));
	shared = tmp_file("forked", 1, 1, O_RDWR);
	must(flock(shared, LOCK_EX));
	sharer = task_child(NULL, nothing, NULL);
	inherited = tmp_file("inherited", 1, 1, O_RDWR);
	must(flock(inherited, LOCK_EX));
	heir = task_child(NULL, nothing, NULL);
	must(close(inherited));
	check_eq(must(open("inherited", O_RDWR)), inherited);
	check_fails(flock(inherited, LOCK_EX | LOCK_NB), EWOULDBLOCK);
}

static void verify(void)
{
	task_join(prober);
	check_lock(getpid(), flocked[0], "READ", getpid());
	check_lock(getpid(), flocked[1], "WRITE", getpid());
	check_lock(getpid(), flocked[2], "", 0);
	check_lock(getpid(), shared, "WRITE", getpid());
	check_lock(task_pid(sharer), shared, "WRITE", getpid());
	task_join(sharer);
	check_lock(getpid(), shared, "WRITE", getpid());
	check_lock(getpid(), inherited, "", 0);
	check_lock(task_pid(heir), inherited, "FLOCK  ADVISORY  WRITE", 0);
	check_fails(flock(inherited, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	task_join(heir);
	check_eq(flock(inherited, LOCK_EX | LOCK_NB), 0);
}

CRTEST(.about = "who holds a lock", .ids = "FL-1 FL-3 FL-4 FL-5 FL-6", .solo = true, .opts = "--file-locks",
       .arrange = arrange, .verify = verify)
