// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes to measure with: load KIND N. Becomes a session leader, sets up what it has, creates the file "ready" in
 * the working directory and sleeps.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

/* --- factories ---------------------------------------------------------------------------------------------- */

/* N MiB that no compression and no merging makes smaller. */
static void make_memory(long n)
{
	size_t words = (n << 20) / sizeof(uint64_t);
	uint64_t *p = mmap(NULL, n << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		 x = 88172645463325252u;

	must(p != MAP_FAILED, "mmap");
	for (size_t i = 0; i < words; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = x;
	}
}

/* N processes, all children of the first. */
static void make_processes(long n)
{
	for (long i = 1; i < n; i++) {
		pid_t pid = fork();

		must(pid >= 0, "fork");
		if (pid)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static void make_threads(long n)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (long i = 1; i < n; i++)
		must(!pthread_create(&thread, &attr, sleeper, NULL), "pthread_create");
}

/* N mappings that cannot be one: every second page is of another kind. */
static void make_mappings(long n)
{
	char *p = mmap(NULL, n * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED, "mmap");
	for (long i = 1; i < n; i += 2)
		must(!mprotect(p + i * 4096, 4096, PROT_READ | PROT_WRITE), "mprotect");
}

/* N GiB that are never touched, but for a page in each. */
static void make_reserved(long n)
{
	char *p =
		mmap(NULL, (size_t)n << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	must(p != MAP_FAILED, "mmap");
	for (long i = 0; i < n; i++)
		p[(size_t)i << 30] = 1;
}

static void make_files(long n)
{
	struct rlimit r = { n + 64, n + 64 };
	char name[32];

	must(!setrlimit(RLIMIT_NOFILE, &r) || errno == EPERM, "RLIMIT_NOFILE");
	for (long i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "file-%ld", i);
		must(open(name, O_RDWR | O_CREAT, 0600) >= 0, name);
	}
}

/* N files in each of 100 processes, opened by itself. */
static void make_descriptors(long n)
{
	char name[32];

	for (int i = 99; i >= 0; i--) { /* our own are the last, so that nobody inherits them */
		pid_t pid = i ? fork() : 0;

		must(pid >= 0, "fork");
		if (pid)
			continue;
		if (i)
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (long f = 0; f < n; f++) {
			snprintf(name, sizeof(name), "file-%d-%ld", i, f);
			must(open(name, O_RDWR | O_CREAT, 0600) >= 0, name);
		}
		while (i)
			pause();
	}
	usleep(500000); /* the children are not waited for one by one */
}

/* Notes in the file "gap" the longest time that it could do nothing, in microseconds, and looks N times a second. */
static void tick(long n)
{
	struct timespec ts, step = { 0, 1000000000 / n };
	int64_t before = 0, now, *gap;
	int fd = open("gap", O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && !ftruncate(fd, sizeof(*gap)), "gap");
	gap = mmap(NULL, sizeof(*gap), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(gap != MAP_FAILED, "gap");
	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		now = ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
		if (before && now - before > *gap)
			*gap = now - before;
		before = now;
		nanosleep(&step, NULL);
	}
}

static void ready(void)
{
	int fd = open("ready", O_WRONLY | O_CREAT, 0600);

	must(fd >= 0, "ready");
	close(fd);
}

static void make_ticker(long n)
{
	ready();
	make_memory(4);
	tick(n);
}

static const struct factory {
	const char *kind;
	void (*make)(long n);
} factories[] = {
	{ "memory", make_memory }, /* MiB */
	{ "processes", make_processes },     { "threads", make_threads },   { "files", make_files },
	{ "descriptors", make_descriptors }, { "mappings", make_mappings }, { "reserved", make_reserved }, /* GiB */
	{ "ticker", make_ticker }, /* looks at the clock so many times a second */
};

int main(int argc, char **argv)
{
	const struct factory *f = NULL;
	int null = open("/dev/null", O_RDWR);

	for (size_t i = 0; i < sizeof(factories) / sizeof(*factories); i++)
		if (argc == 3 && !strcmp(argv[1], factories[i].kind))
			f = &factories[i];
	if (!f) {
		fprintf(stderr, "usage: load memory|processes|threads|files|ticker N\n");
		return 2;
	}
	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	f->make(atol(argv[2]));
	ready();
	for (;;)
		pause();
}
