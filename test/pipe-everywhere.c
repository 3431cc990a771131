// SPDX-License-Identifier: GPL-2.0-only
/* Two tasks and two pipes, every combination of who holds which ends: each end exists exactly where it was. */
#include <sys/resource.h>

#include "test/crtest.h"

#define COMBINATIONS 256 /* a bit for each of 2 tasks x 2 pipes x 2 ends */
#define FIRST_FD     100

static struct task *child;
static uint64_t (*inodes)[2];

static int fd_of(int combination, int pipe, int end)
{
	return FIRST_FD + combination * 4 + pipe * 2 + end;
}

static void close_unwanted(int task)
{
	for (int c = 0; c < COMBINATIONS; c++)
		for (int i = 0; i < 4; i++)
			if (!(c & 1 << (task * 4 + i)))
				close(fd_of(c, i / 2, i % 2));
}

static void check_ends(int task)
{
	struct stat st;

	for (int c = 0; c < COMBINATIONS; c++)
		for (int i = 0; i < 4; i++) {
			int fd = fd_of(c, i / 2, i % 2), flags = fcntl(fd, F_GETFL);

			if (!(c & 1 << (task * 4 + i))) {
				check_eq(flags, -1);
				continue;
			}
			check_eq(flags & O_ACCMODE, i % 2 ? O_WRONLY : O_RDONLY);
			check_eq(fstat(fd, &st), 0);
			/* The first task to come notes the inode, all others must have the same. */
			if (!inodes[c][i / 2])
				inodes[c][i / 2] = st.st_ino;
			check_eq(st.st_ino, inodes[c][i / 2]);
		}
}

static void child_close(void *arg)
{
	close_unwanted(1);
}

static void child_check(void *arg)
{
	check_ends(1);
}

static void arrange(void)
{
	struct rlimit l;

	must(getrlimit(RLIMIT_NOFILE, &l));
	l.rlim_cur = FIRST_FD + 4 * COMBINATIONS;
	must(setrlimit(RLIMIT_NOFILE, &l));
	inodes = map_anon(COMBINATIONS * sizeof(*inodes), PROT_READ | PROT_WRITE, MAP_SHARED);
	for (int c = 0; c < COMBINATIONS; c++)
		for (int p = 0; p < 2; p++) {
			int ends[2];

			must(pipe(ends));
			for (int e = 0; e < 2; e++) {
				int fd = fd_of(c, p, e);

				/* pipe() takes the lowest numbers, which may be those that we want. */
				if (ends[e] == fd)
					continue;
				must(dup2(ends[e], fd));
				close(ends[e]);
			}
		}
	child = task_child(child_close, child_check, NULL);
	close_unwanted(0);
}

static void verify(void)
{
	check_ends(0);
	task_join(child);
}

CRTEST(.about = "pipe ends in every combination", .ids = "PF-1", .arrange = arrange, .verify = verify)
