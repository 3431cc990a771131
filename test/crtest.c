// SPDX-License-Identifier: GPL-2.0-only
/* Verdicts of a test, and the children and threads that it starts. */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>

#include "test/crtest.h"

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

uint32_t *crtest_shared_init(void)
{
	shared = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	return &shared->term;
}

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
