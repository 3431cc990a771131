// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children whose first threads have exited: with one thread left; a session leader with several, a child and one more that is dead; and one
 * that ends not as a whole, but by the exit of its last thread.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>

#include "test/crtest.h"

enum { ALONE, LEADING, LAST_EXIT, FAMILIES };

#define FIRST_STATUS 21
#define LAST_STATUS  22
#define NICE	     7
#define NAME	     "the first \n one"
#define MORE	     2 /* threads */

static struct family {
	pid_t pid, tid, dead_child;
	uint32_t ready, go, terms;
	void (*live)(struct family *f);
} * families;

static int pidfds[FAMILIES];

static char state_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return *proc_field(path, "State");
}

static void on_term(int sig)
{
	cell_set(&families[LEADING].terms, 1);
}

/* --- in the families ---------------------------------------------------------------------------------------- */

static void live_alone(struct family *f)
{
	cell_set(&f->ready, 1);
	cell_wait(&f->go, 1);
	check_eq(gettid(), f->tid);
	_exit(LAST_STATUS);
}

static void live_to_exit(struct family *f)
{
	cell_set(&f->ready, 1);
	cell_wait(&f->go, 1);
	syscall(SYS_exit, LAST_STATUS);
}

static void *more(void *arg)
{
	struct family *f = arg;

	cell_wait(&f->go, 1);
	return f;
}

/* A death signal that is asked for now is for the end of this thread, not of the first one. */
static void be_child(struct family *f)
{
	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	cell_wait(&f->go, 1);
	check_eq(getppid(), f->pid);
	check_eq(getsid(0), f->pid);
	_exit(3);
}

/* The death of a child is pending: as from the kernel, for the process. */
static void lose_child(struct family *f)
{
	pid_t pid = must(fork());
	siginfo_t si;

	if (!pid)
		_exit(4);
	f->dead_child = pid;
	must(waitid(P_PID, f->dead_child, &si, WEXITED | WNOWAIT));
}

static void live_leading(struct family *f)
{
	struct sigaction act = { .sa_handler = on_term };
	pthread_t threads[MORE];
	siginfo_t si;
	sigset_t chld;
	pid_t child;
	int status;

	must_zero(sigemptyset(&chld) || sigaddset(&chld, SIGCHLD));
	must_zero(pthread_sigmask(SIG_BLOCK, &chld, NULL));
	must(sigaction(SIGTERM, &act, NULL));
	must(setsid());
	for (int i = 0; i < MORE; i++)
		must_zero(pthread_create(&threads[i], NULL, more, f));
	child = must(fork());
	if (!child)
		be_child(f);
	lose_child(f);
	cell_set(&f->ready, 1);
	cell_wait(&f->terms, 1); /* SIGTERM comes first */
	cell_wait(&f->go, 1);
	check_eq(gettid(), f->tid);
	check_eq(getsid(0), f->pid);
	for (int i = 0; i < MORE; i++)
		must_zero(pthread_join(threads[i], NULL));
	check_eq(sigtimedwait(&chld, &si, &(struct timespec){ 0 }), SIGCHLD);
	check_eq(si.si_code, CLD_EXITED);
	check_eq(si.si_pid, f->dead_child);
	check_eq(waitpid(f->dead_child, &status, 0), f->dead_child);
	check_eq(status, W_EXITCODE(4, 0));
	check_eq(waitpid(child, &status, 0), child);
	check_eq(status, W_EXITCODE(3, 0));
	_exit(LAST_STATUS);
}

static void *live_on(void *arg)
{
	struct family *f = arg;

	must(prctl(PR_SET_PDEATHSIG, SIGKILL));
	f->tid = gettid();
	while (state_of(f->pid) != 'Z')
		usleep(1000);
	f->live(f);
	return NULL;
}

static void be_first(struct family *f)
{
	pthread_t second;

	f->pid = getpid();
	must(prctl(PR_SET_NAME, NAME));
	must_zero(pthread_create(&second, NULL, live_on, f));
	must(setpriority(PRIO_PROCESS, gettid(), NICE));
	syscall(SYS_exit, FIRST_STATUS);
}

/* --- their parent ------------------------------------------------------------------------------------------- */

static void arrange(void)
{
	int thread = syscall(SYS_pidfd_open, getpid(), O_EXCL);

	if (thread < 0)
		skip("no PIDFD_THREAD (Linux 6.9): %s", strerror(errno));
	close(thread);
	static void (*const live[])(struct family *) = { live_alone, live_leading, live_to_exit };

	families = shared_alloc(FAMILIES * sizeof(*families));
	for (int i = 0; i < FAMILIES; i++) {
		struct family *f = &families[i];
		pid_t pid;

		f->live = live[i];
		pid = must(fork());
		if (!pid)
			be_first(f);
		pidfds[i] = must(syscall(SYS_pidfd_open, pid, 0));
		cell_wait(&f->ready, 1);
	}
}

/* Of the thread, the last field. */
static int exit_code_of(pid_t pid)
{
	char path[64], text[1024] = "";

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, pid);
	read_file(path, text, sizeof(text) - 1);
	return atoi(strrchr(text, ' '));
}

static void look_at(const struct family *f, int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	char path[64], name[32] = "";

	check_eq(state_of(f->pid), 'Z');
	check_eq(state_of(f->tid), 'S');
	check_eq(waitpid(f->pid, NULL, WNOHANG), 0);
	check_eq(poll(&p, 1, 0), 0);
	check_eq(exit_code_of(f->pid), W_EXITCODE(FIRST_STATUS, 0));
	check_eq(getpriority(PRIO_PROCESS, f->pid), NICE);
	check_eq(getpriority(PRIO_PROCESS, f->tid), 0);
	snprintf(path, sizeof(path), "/proc/%d/comm", f->pid);
	read_file(path, name, sizeof(name) - 1);
	check_str(name, NAME "\n");
}

static void end(struct family *f, int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int got = -1;

	cell_set(&f->go, 1);
	check_eq(poll(&p, 1, -1), 1);
	check_eq(waitpid(f->pid, &got, 0), f->pid);
	check_eq(got, W_EXITCODE(LAST_STATUS, 0));
}

static void verify(void)
{
	for (int i = 0; i < FAMILIES; i++)
		look_at(&families[i], pidfds[i]);
	check_eq(kill(families[LEADING].pid, SIGTERM), 0);
	cell_wait(&families[LEADING].terms, 1);
	end(&families[ALONE], pidfds[ALONE]);
	end(&families[LEADING], pidfds[LEADING]);
	end(&families[LAST_EXIT], pidfds[LAST_EXIT]);
}

CRTEST(.about = "children whose first threads have exited", .ids = "TH-3", .root = true, .arrange = arrange,
       .verify = verify)
