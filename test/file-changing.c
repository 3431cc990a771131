// SPDX-License-Identifier: GPL-2.0-only
/* Many files, of which names and descriptors change until the very moment of the dump: what was seen of them before that is not believed. */
#include <sys/resource.h>

#include "test/crtest.h"

#define FILES 700

static uint32_t *stop, *rounds;
static int fds[FILES];
static volatile uint32_t want[FILES]; /* the number in the file */
static struct task *thread;

static int open_name(unsigned int n)
{
	char name[16];

	snprintf(name, sizeof(name), "f%u", n);
	return must(open(name, O_RDWR | O_CREAT, 0600));
}

static uint32_t number_in(int fd)
{
	uint32_t n = FILES;

	check_eq(pread(fd, &n, sizeof(n), 0), sizeof(n));
	return n;
}

static void swap_names(unsigned int a, unsigned int b)
{
	char from[16], to[16];

	snprintf(from, sizeof(from), "f%u", a);
	snprintf(to, sizeof(to), "f%u", b);
	must(renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE));
}

/* Lets descriptor i be of the file that has name n now. */
static void replace(unsigned int i, unsigned int n)
{
	int new = open_name(n);
	uint32_t number = number_in(new);

	check_eq(number_in(fds[i]), want[i]);
	must(dup2(new, fds[i]));
	want[i] = number;
	close(new);
}

static void churn(void *arg)
{
	uint32_t r = 1;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		r = r * 1664525 + 1013904223;
		swap_names((r >> 8) % FILES, (r >> 16) % FILES);
		replace((r >> 12) % FILES, (r >> 20) % FILES);
		__atomic_fetch_add(rounds, 1, __ATOMIC_RELAXED);
	}
}

static void await_rounds(uint32_t more)
{
	uint32_t from = __atomic_load_n(rounds, __ATOMIC_RELAXED);

	while (__atomic_load_n(rounds, __ATOMIC_RELAXED) - from < more)
		usleep(1000);
}

static void arrange(void)
{
	struct rlimit l;

	must(getrlimit(RLIMIT_NOFILE, &l));
	l.rlim_cur = l.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &l));
	stop = shared_alloc(sizeof(*stop));
	rounds = shared_alloc(sizeof(*rounds));
	for (uint32_t i = 0; i < FILES; i++) {
		fds[i] = open_name(i);
		want[i] = i;
		must(pwrite(fds[i], &i, sizeof(i), 0));
	}
	thread = task_thread(NULL, churn, NULL);
	task_wake(thread);
	await_rounds(10);
}

static void verify(void)
{
	await_rounds(10);
	cell_set(stop, 1);
	task_join(thread);
	for (int i = 0; i < FILES; i++)
		check_eq(number_in(fds[i]), want[i]);
}

CRTEST(.about = "files that change while the dump begins", .ids = "FS-11", .root = true, .busy = true,
       .arrange = arrange, .verify = verify)
