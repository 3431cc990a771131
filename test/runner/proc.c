// SPDX-License-Identifier: GPL-2.0-only
/* Processes of the test's pid namespace, seen by its init. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/runner/run.h"

int slowness(void)
{
	const char *text = getenv("CR_SLOW");
	int n = text ? atoi(text) : 1;

	return n > 1 ? n : 1;
}

double clock_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void pids_each(const pid_t *except, each_pid fn, void *arg)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		pid_t pid = atoi(e->d_name);

		if (isdigit((unsigned char)e->d_name[0]) && pid > 1 && !(except && pid == *except))
			fn(pid, arg);
	}
	if (d)
		closedir(d);
}

static void count_one(pid_t pid, void *arg)
{
	++*(int *)arg;
}

int pids_count(const pid_t *except)
{
	int n = 0;

	pids_each(except, count_one, &n);
	return n;
}

struct stopped {
	char *why;
	size_t size;
	bool ok;
};

/* The letter after the command name, which may hold anything, line ends included. */
static char thread_state(const char *pid, const char *tid)
{
	char path[64], text[1024], *p;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.10s/task/%.10s/stat", pid, tid);
	f = fopen(path, "re");
	if (!f)
		return '-';
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	p = strrchr(text, ')');
	return p ? p[2] : '-';
}

static void check_stopped(pid_t pid, void *arg)
{
	struct stopped *s = arg;
	char path[64], num[16];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	snprintf(num, sizeof(num), "%d", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		char state = isdigit((unsigned char)e->d_name[0]) ? thread_state(num, e->d_name) : 'T';

		if (strchr("TZX-", state))
			continue;
		snprintf(s->why, s->size, "thread %s of pid %d is in state %c", e->d_name, pid, state);
		s->ok = false;
	}
	if (d)
		closedir(d);
}

bool pids_all_stopped(const pid_t *except, char *why, size_t size)
{
	struct stopped s = { why, size, true };

	pids_each(except, check_stopped, &s);
	return s.ok;
}

pid_t spawn(char *const argv[], const char *out)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		_exit(BROKEN);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
	execv(argv[0], argv);
	fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Those that were reaped while we waited for another one. */
static struct grave {
	pid_t pid;
	int status;
} graves[256];
static unsigned int buried;

void reap_forget(void)
{
	buried = 0;
}

static bool dig(pid_t pid, int *status)
{
	for (unsigned int i = 0; i < buried && i < 256; i++) {
		if (graves[i].pid != pid)
			continue;
		*status = graves[i].status;
		return true;
	}
	return false;
}

bool reap_until(pid_t pid, int *status, double timeout_s)
{
	double end = clock_s() + timeout_s * slowness();
	int one;

	if (pid && dig(pid, status))
		return true;

	for (;;) {
		pid_t got = waitpid(-1, &one, WNOHANG | __WALL);

		if (got > 0 && got == pid) {
			*status = one;
			return true;
		}
		if (got > 0) {
			graves[buried++ % 256] = (struct grave){ got, one };
			continue;
		}
		if (got < 0 && errno == ECHILD)
			return pid == 0;
		if (clock_s() > end)
			return false;
		usleep(1000);
	}
}

int run_wait(char *const argv[], const char *out, int timeout_s)
{
	pid_t pid = spawn(argv, out);
	int status;

	if (reap_until(pid, &status, timeout_s))
		return status;
	kill(pid, SIGKILL);
	reap_until(pid, &status, 5);
	return -1;
}

int run_system(const char *path, const char *a, const char *b, const char *c)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		execlp(path, path, a, b, c, NULL);
		_exit(127);
	}
	return reap_until(pid, &status, 10) && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
