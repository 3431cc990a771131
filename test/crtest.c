// SPDX-License-Identifier: GPL-2.0-only
/* The subject: becomes a background process in the way of G-1, arranges, sleeps, and verifies at SIGTERM. */
#include <grp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>

#include "test/crtest.h"

#define TEST_UID 18943
#define TEST_GID 58467

enum { EXIT_FAILED = 1, EXIT_SKIPPED = 77, EXIT_BROKEN = 99 };

struct task {
	uint32_t ready, go, done;
	int tid;
	bool is_thread;
	pthread_t thread;
	void (*arrange)(void *arg);
	void (*verify)(void *arg);
	void *arg;
};

/* One page, shared with every child: the word that the subject sleeps on, the tasks, and what tests allocate. */
static struct shared {
	uint32_t term;
	uint32_t used;
	char heap[];
} * shared;

static void out(const char *fmt, va_list ap)
{
	char line[1024];
	int n = vsnprintf(line, sizeof(line) - 1, fmt, ap);

	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	n = write(STDERR_FILENO, line, n);
}

static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out(fmt, ap);
	va_end(ap);
}

void crtest_broken(const char *file, int line, const char *what)
{
	say("BROKEN: %s:%d: %s: %s", file, line, what, strerror(errno));
	_exit(EXIT_BROKEN);
}

void crtest_failed(const char *file, int line, const char *fmt, ...)
{
	char text[900];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("FAIL: %s:%d: %s", file, line, text);
	_exit(EXIT_FAILED);
}

void skip(const char *fmt, ...)
{
	char text[900];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("SKIP: %s", text);
	_exit(EXIT_SKIPPED);
}

/* --- shared memory and sleeping ------------------------------------------------------------------------------ */

void *shared_alloc(size_t size)
{
	uint32_t at = __atomic_fetch_add(&shared->used, (size + 7) & ~7u, __ATOMIC_SEQ_CST);

	if (sizeof(*shared) + at + size > PAGE)
		crtest_broken(__FILE__, __LINE__, "the shared page is full");
	return shared->heap + at;
}

long futex(uint32_t *word, int op, uint32_t val, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, val, timeout, NULL, 0);
}

void cell_set(uint32_t *cell, uint32_t v)
{
	__atomic_store_n(cell, v, __ATOMIC_SEQ_CST);
	futex(cell, FUTEX_WAKE, INT32_MAX, NULL);
}

void cell_wait(uint32_t *cell, uint32_t v)
{
	uint32_t now;

	while ((now = __atomic_load_n(cell, __ATOMIC_SEQ_CST)) < v)
		futex(cell, FUTEX_WAIT, now, NULL);
}

/* --- children and threads ------------------------------------------------------------------------------------ */

static void task_run(struct task *t)
{
	t->tid = syscall(SYS_gettid);
	if (t->arrange)
		t->arrange(t->arg);
	cell_set(&t->ready, 1);
	cell_wait(&t->go, 1);
	if (t->verify)
		t->verify(t->arg);
	cell_set(&t->done, 1);
}

static struct task *task_new(void (*arrange)(void *), void (*verify)(void *), void *arg)
{
	struct task *t = shared_alloc(sizeof(*t));

	t->arrange = arrange;
	t->verify = verify;
	t->arg = arg;
	return t;
}

/* A child that fails in its arrange would leave its parent asleep for ever: look whether it still lives. */
static void task_wait_ready(struct task *t)
{
	static const struct timespec tick = { .tv_nsec = 20000000 };
	int status;

	while (!__atomic_load_n(&t->ready, __ATOMIC_SEQ_CST)) {
		futex(&t->ready, FUTEX_WAIT, 0, &tick);
		if (t->is_thread || waitpid(t->tid, &status, WNOHANG | __WALL) != t->tid)
			continue;
		if (!__atomic_load_n(&t->ready, __ATOMIC_SEQ_CST))
			_exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_BROKEN);
	}
}

struct task *task_clone(unsigned long flags, void (*arrange)(void *), void (*verify)(void *), void *arg)
{
	struct task *t = task_new(arrange, verify, arg);
	pid_t parent = getpid();
	pid_t pid = must(syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0));

	if (!pid) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		if (!(flags & CLONE_PARENT) && getppid() != parent)
			_exit(EXIT_BROKEN);
		task_run(t);
		_exit(0);
	}
	t->tid = pid;
	task_wait_ready(t);
	return t;
}

struct task *task_child(void (*arrange)(void *), void (*verify)(void *), void *arg)
{
	return task_clone(0, arrange, verify, arg);
}

static void *thread_main(void *t)
{
	task_run(t);
	return t;
}

struct task *task_thread(void (*arrange)(void *), void (*verify)(void *), void *arg)
{
	struct task *t = task_new(arrange, verify, arg);

	t->is_thread = true;
	must_zero(pthread_create(&t->thread, NULL, thread_main, t));
	task_wait_ready(t);
	return t;
}

pid_t task_pid(const struct task *t)
{
	return t->tid;
}

void task_wake(struct task *t)
{
	cell_set(&t->go, 1);
}

void task_join(struct task *t)
{
	void *ret = NULL;
	int status = 0;

	task_wake(t);
	if (t->is_thread) {
		must_zero(pthread_join(t->thread, &ret));
		check(ret == t);
		return;
	}
	check_eq(waitpid(t->tid, &status, __WALL), t->tid);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		_exit(WEXITSTATUS(status)); /* it has said why */
	check_eq(status, 0);
}

/* --- the life of a subject ----------------------------------------------------------------------------------- */

static void on_sigterm(int sig)
{
	int saved = errno;

	__atomic_store_n(&shared->term, 1, __ATOMIC_SEQ_CST);
	futex(&shared->term, FUTEX_WAKE, INT32_MAX, NULL);
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

static void subject(int ready)
{
	become_background();
	crtest.arrange();
	must(write(ready, "1", 1));
	close(ready);
	cell_wait(&shared->term, 1);
	crtest.verify();
	check_eq(rename("log.unfinished", "log"), 0);
	say("PASS");
}

static void info(void)
{
	printf("about=%s\nids=%s\n", crtest.about, crtest.ids ? crtest.ids : "");
	printf("opts=%s\ndump_opts=%s\nrestore_opts=%s\n", crtest.opts ? crtest.opts : "",
	       crtest.dump_opts ? crtest.dump_opts : "", crtest.restore_opts ? crtest.restore_opts : "");
	printf("flavours=%s\nrefused=%s\n", crtest.flavours ? crtest.flavours : "",
	       crtest.refused ? crtest.refused : "");
	printf("root=%d\nbusy=%d\nsolo=%d\n", crtest.root, crtest.busy, crtest.solo);
}

/* Leaves the subject's pid in the file "pid". */
static int start(void)
{
	int ready[2], status;
	char c, text[16];
	pid_t pid;

	shared = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	must(pipe(ready));
	pid = must(fork());
	if (!pid) {
		close(ready[0]);
		subject(ready[1]);
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) == 1) {
		int n = snprintf(text, sizeof(text), "%d\n", pid);
		int fd = must(open("pid", O_WRONLY | O_CREAT | O_TRUNC, 0644));

		must(write(fd, text, n));
		return 0;
	}
	must(waitpid(pid, &status, 0));
	return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_BROKEN;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "info"))
		return info(), 0;
	return start();
}
