// SPDX-License-Identifier: GPL-2.0-only
/* The subject: becomes a background process in the way of G-1, arranges, sleeps, and verifies at SIGTERM. */
#include <grp.h>
#include <pthread.h>

#include "test/crtest.h"

#define TEST_UID    18943
#define TEST_GID    58467
#define EXIT_BROKEN 99

static uint32_t *term; /* in the page shared with all children */

static void on_sigterm(int sig)
{
	int saved = errno;

	__atomic_store_n(term, 1, __ATOMIC_SEQ_CST);
	futex(term, FUTEX_WAKE, INT32_MAX, NULL);
	errno = saved;
}

static void drop_root(void)
{
	static const gid_t groups[] = { 27495, 48244 };

	must(setgroups(2, groups));
	must(setresgid(TEST_GID, TEST_GID, TEST_GID));
	must(setresuid(TEST_UID, TEST_UID, TEST_UID));
}

static void become_background(void)
{
	struct sigaction act = { .sa_handler = on_sigterm, .sa_flags = SA_RESTART };
	int log;

	must(setsid());
	log = must(open("/dev/null", O_RDONLY));
	must(dup2(log, STDIN_FILENO));
	close(log);
	if (!crtest.root)
		drop_root();
	log = must(open("log.unfinished", O_WRONLY | O_CREAT | O_APPEND, 0644));
	must(dup2(log, STDOUT_FILENO));
	must(dup2(log, STDERR_FILENO));
	close(log);
	must(open(".", O_RDONLY | O_DIRECTORY));
	/* A change of ids clears it, and the subject has to be one that others may look at. */
	must(prctl(PR_SET_DUMPABLE, 1));
	must(sigaction(SIGTERM, &act, NULL));
}

static void live(uint32_t *ready)
{
	crtest.arrange();
	cell_set(ready, 1);
	cell_wait(term, 1);
	crtest.verify();
	check_eq(rename("log.unfinished", "log"), 0);
	puts("PASS");
	fflush(stdout);
	_exit(0);
}

static void *live_on(void *ready)
{
	while (*proc_field("/proc/self/status", "State") != 'Z')
		usleep(1000);
	live(ready);
	return NULL;
}

static void subject(uint32_t *ready)
{
	pthread_t second;

	become_background();
	if (!crtest.leader_ends)
		live(ready);
	must_zero(pthread_create(&second, NULL, live_on, ready));
	syscall(SYS_exit, LEADER_STATUS);
}

static void info(void)
{
	printf("about=%s\nids=%s\n", crtest.about, crtest.ids ? crtest.ids : "");
	printf("opts=%s\ndump_opts=%s\nrestore_opts=%s\n", crtest.opts ? crtest.opts : "",
	       crtest.dump_opts ? crtest.dump_opts : "", crtest.restore_opts ? crtest.restore_opts : "");
	printf("flavours=%s\nrefused=%s\nbetween=%s\n", crtest.flavours ? crtest.flavours : "",
	       crtest.refused ? crtest.refused : "", crtest.between ? crtest.between : "");
	printf("root=%d\nbusy=%d\nsolo=%d\nfault=%d\n", crtest.root, crtest.busy, crtest.solo, crtest.fault);
}

/* Leaves the subject's pid in the file "pid". */
static int start(void)
{
	static const struct timespec tick = { .tv_nsec = 20000000 };
	uint32_t *ready;
	char text[16];
	int status, n, fd;
	pid_t pid;

	term = crtest_shared_init();
	ready = shared_alloc(sizeof(*ready));
	pid = must(fork());
	if (!pid)
		subject(ready);
	while (!__atomic_load_n(ready, __ATOMIC_SEQ_CST)) {
		futex(ready, FUTEX_WAIT, 0, &tick);
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_BROKEN;
	}
	n = snprintf(text, sizeof(text), "%d\n", pid);
	fd = must(open("pid", O_WRONLY | O_CREAT | O_TRUNC, 0644));
	must(write(fd, text, n));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "info"))
		return info(), 0;
	return start();
}
