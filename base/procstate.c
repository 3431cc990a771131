// SPDX-License-Identifier: LGPL-2.1-only
/* The state letter of a thread: see procstate.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/guard.h"
#include "base/procstate.h"

#define TRIES	 500
#define PAUSE_NS 2000000

char proc_state(pid_t pid, pid_t tid)
{
	char path[64], buf[128], *p;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	len = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;
	buf[len] = '\0';
	p = strrchr(buf, ')'); /* the name before it may hold anything, line ends included */
	return p && p[1] == ' ' ? p[2] : 'X';
}

bool proc_is_zombie(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	return proc_state(pid, pid) == 'Z' && !stat(path, &st) && st.st_nlink == 3; /* one thread, "." and ".." */
}

static bool stands_still(pid_t pid)
{
	char path[64];
	struct dirent *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	_cleanup_closedir_ DIR *dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (atoi(d->d_name) && !strchr("TtZX", proc_state(pid, atoi(d->d_name))))
			return false;
	return true;
}

void proc_await_end(pid_t pid)
{
	const struct timespec pause = { 0, PAUSE_NS };

	for (int tries = 0; tries < TRIES && !strchr("ZX", proc_state(pid, pid)); tries++)
		nanosleep(&pause, NULL);
}

void proc_await_stop(pid_t pid)
{
	const struct timespec pause = { 0, PAUSE_NS };

	for (int tries = 0; tries < TRIES && !stands_still(pid); tries++)
		nanosleep(&pause, NULL);
}
