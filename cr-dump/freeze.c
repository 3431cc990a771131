// SPDX-License-Identifier: GPL-2.0-only
/* Finds the tree and stops it: seizes every thread, again and again until no new one appears; and lets it go at the end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/kernel.h"
#include "base/procstate.h"
#include "base/worker.h"
#include "cr-dump/dump.h"
#include "cr-dump/rescue.h"
#include "cr-dump/sleep.h"
#include "cr-dump/task.h"

#define VFORK_PATIENCE_US 1000000
#define AGAIN_NS	  50000
#define AGAIN_TRIES	  2000

static void on_alarm(int sig)
{
}

/* A signal every 100 ms, which interrupts a wait: a task in uninterruptible sleep must not hold us for ever. */
static void alarms(bool on)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval it = { .it_value.tv_usec = on ? 100000 : 0, .it_interval.tv_usec = on ? 100000 : 0 };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

/* The first thread of a process is there until all others have ended, and only then can be waited for. */
static bool is_dead_leader(const struct thread *th)
{
	return th->tr.tid == th->tr.pid && proc_state(th->tr.pid, th->tr.tid) == 'Z';
}

/* A parent in vfork(2) stands still until its child has called execve or exit, which takes a moment, or for ever. */
static int refuse_vfork(const struct thread *th, struct err *e)
{
	err_set(e, EBUSY, "thread %d of process %d waits in vfork(2) for its child", th->tr.tid, th->tr.pid);
	return err_hint(e, "it can be dumped when the child has called execve or exit");
}

/* What the stop has interrupted is to go on, and at once so: should we be killed, it does from here. */
static int begin_stand(struct thread *th, struct err *e)
{
	th->stands = true;
	sleep_confirm(th->tr.pid, th->tr.tid, th);
	return restart_correct(th, e) || tracee_restore(&th->tr, e) ? -1 : 0;
}

static int await_stop(struct dump_ctx *ctx, struct thread *th, uint64_t deadline, struct err *e)
{
	uint64_t patience = now_us() + VFORK_PATIENCE_US;

	th->tr.impatient = true;
	while (tracee_stop(&th->tr, e)) {
		if (e->errnum != EINTR)
			return -1;
		if (worker_check(e))
			return -1;
		if (is_dead_leader(th))
			return err_set(e, ESRCH, "the first thread of process %d has ended", th->tr.pid);
		if (now_us() > patience && sleeps_in_vfork(th->tr.pid, th->tr.tid))
			return refuse_vfork(th, e);
		if (now_us() < deadline)
			continue;
		err_set(e, ETIMEDOUT, "thread %d of process %d did not stop within %u s", th->tr.tid, th->tr.pid,
			ctx->opts->timeout);
		return err_hint(e, "it may be in an uninterruptible sleep (state D); --timeout gives it longer");
	}
	th->tr.impatient = false;
	return 0;
}

/*
 * In which call it goes on can only be seen where it sleeps, and it was just on its way there: it is let go until then. Not when it was stopped
 * by a signal: it would run.
 */
static int look_again(struct thread *th, struct err *e)
{
	const struct timespec pause = { 0, AGAIN_NS };

	if (ptrace(PTRACE_CONT, th->tr.tid, 0, 0))
		return err_set(e, errno, "cannot let thread %d go on", th->tr.tid);
	for (int i = 0; i < AGAIN_TRIES && proc_state(th->tr.pid, th->tr.tid) == 'R'; i++)
		nanosleep(&pause, NULL);
	sleep_note(th->tr.pid, th->tr.tid, th);
	if (ptrace(PTRACE_INTERRUPT, th->tr.tid, 0, 0))
		return err_set(e, errno, "cannot interrupt thread %d of process %d", th->tr.tid, th->tr.pid);
	return 0;
}

static int stop_in_time(struct dump_ctx *ctx, struct thread *th, uint64_t deadline, struct err *e)
{
	if (await_stop(ctx, th, deadline, e))
		return -1;
	if (restart_is_riddle(th) && !th->tr.stop_signo && (look_again(th, e) || await_stop(ctx, th, deadline, e)))
		return -1;
	return begin_stand(th, e);
}

/* --- one task ----------------------------------------------------------------------------------------------- */

static bool has_thread(const struct task *t, pid_t tid)
{
	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (t->threads[i].tr.tid == tid)
			return true;
	return false;
}

static void drop_thread(struct task *t, unsigned int i)
{
	memmove(&t->threads[i], &t->threads[i + 1], (t->nr_threads - i - 1) * sizeof(*t->threads));
	t->nr_threads--;
}

static int seize_one(struct dump_ctx *ctx, struct task *t, pid_t tid, struct err *e)
{
	struct thread *th = POOL_PUSH(&ctx->pool, t->threads, t->nr_threads);

	*th = (struct thread){ .blocked_nr = -1, .restarted_nr = -1 };
	sleep_note(t->pid, tid, th);
	if (!tracee_seize(&th->tr, t->pid, tid, 0, e))
		return 0;
	t->nr_threads--;
	if (e->errnum != ESRCH)
		return -1;
	t->loses = true;
	return 0;
}

/* How many threads the task has: the link count of the directory that lists them tells. 0: it is gone. */
static unsigned int count_threads(const struct task *t)
{
	struct stat st;

	return fstatat(t->procfd, "task", &st, 0) || st.st_nlink < 2 ? 0 : st.st_nlink - 2;
}

static int seize_listed(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	int fd = openat(t->procfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir)
		return err_set(e, errno == ENOENT ? ESRCH : errno, "cannot list /proc/%d/task", t->pid);
	while ((d = readdir(dir))) {
		pid_t tid = atoi(d->d_name);

		if (tid > 0 && !has_thread(t, tid) && seize_one(ctx, t, tid, e))
			return -1;
	}
	return 0;
}

/* Seizes the threads not yet seized. Returns how many, or -1. */
static int seize_new_threads(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	unsigned int before = t->nr_threads, there = count_threads(t);

	/* Those that stand still are all there still: when there are as many, there is no other. */
	if (before && there == before)
		return 0;
	/* One thread alone is the leader. */
	if (there == 1 && !before ? seize_one(ctx, t, t->pid, e) : seize_listed(ctx, t, e))
		return -1;
	return t->nr_threads - before;
}

static int stop_threads(struct dump_ctx *ctx, struct task *t, uint64_t deadline, struct err *e)
{
	for (unsigned int i = 0; i < t->nr_threads;) {
		if (t->threads[i].stands || !stop_in_time(ctx, &t->threads[i], deadline, e)) {
			i++;
			continue;
		}
		if (e->errnum != ESRCH)
			return -1;
		drop_thread(t, i);
		t->loses = true;
	}
	return 0;
}

/* A thread that ends may end the process, and so kill those that stand still already: do they? Returns how many do not. */
static int doubt(struct task *t)
{
	int nr = 0;

	for (unsigned int i = 0; t->loses && i < t->nr_threads; i++) {
		struct thread *th = &t->threads[i];

		th->stands = proc_state(t->pid, th->tr.tid) == 't';
		nr += !th->stands;
	}
	t->loses = false;
	return nr;
}

/* The descriptors by which the kernel shows the task: those of its thread tid. */
static int open_task(struct task *t, pid_t tid, unsigned int pidfd_flags, struct err *e)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", tid);
	_cleanup_close_ int procfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int pidfd = procfd < 0 ? -1 : (int)syscall(SYS_pidfd_open, tid, pidfd_flags);
	if (pidfd < 0)
		return err_set(e, errno == ENOENT ? ESRCH : errno, "cannot find process %d", tid);
	t->tid = tid;
	t->procfd = take_fd(procfd);
	t->pidfd = take_fd(pidfd);
	return 0;
}

static void close_task(struct task *t)
{
	close_fdp(&t->procfd);
	close_fdp(&t->pidfd);
}

/* The others go on without their leader, of which a zombie is left: the kernel shows the task by one of them. */
static int go_without_leader(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	close_task(t);
	if (open_task(t, t->threads[0].tr.tid, KERNEL_PIDFD_THREAD, e)) {
		err_in(e, "the first thread of process %d has ended while others live", t->pid);
		return e->errnum == EINVAL ? err_hint(e, "such a process can be dumped since Linux 6.9") : -1;
	}
	t->ended = pool_alloc(&ctx->pool, sizeof(*t->ended));
	*t->ended = (struct thread){ .tr = { .pid = t->pid, .tid = t->pid }, .blocked_nr = -1, .restarted_nr = -1 };
	log_debug("process %d: its first thread has ended, %d stands for it", t->pid, t->tid);
	return 0;
}

/* The leader first: its state is the task's. */
static int leader_first(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	for (unsigned int i = 0; i < t->nr_threads; i++) {
		struct thread th = t->threads[i];

		if (th.tr.tid != t->pid)
			continue;
		memmove(&t->threads[1], &t->threads[0], i * sizeof(th));
		t->threads[0] = th;
		return 0;
	}
	return t->nr_threads ? go_without_leader(ctx, t, e) : err_set(e, ESRCH, "process %d has ended", t->pid);
}

/* Waits for the threads that were seized, and seizes and awaits those that appear meanwhile. */
static int stop_task(struct dump_ctx *ctx, struct task *t, uint64_t deadline, struct err *e)
{
	int found;

	do {
		if (stop_threads(ctx, t, deadline, e))
			return -1;
		found = seize_new_threads(ctx, t, e);
	} while (found > 0 || (!found && doubt(t)));
	return found < 0 ? -1 : leader_first(ctx, t, e);
}

/* --- the tree ----------------------------------------------------------------------------------------------- */

/* The fields of /proc/PID/stat that matter here. The name in the middle may hold anything, so parsing starts after it. */
static int read_stat(struct dump_ctx *ctx, struct task *t, char *state_ret, struct err *e)
{
	char name[32] = "stat", *text, *p;
	size_t len;
	int ppid;

	if (t->ended) /* how it ended, and the signal for the parent, are the leader's */
		snprintf(name, sizeof(name), "task/%d/stat", t->pid);
	if (proc_read(ctx, t, name, &text, &len, e))
		return -1;
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1, " %c %d %d %d %d", state_ret, &ppid, &t->pgid, &t->sid, &t->tty) != 5)
		return err_set(e, 0, "cannot make sense of /proc/%d/stat", t->pid);
	t->ppid = t->parent ? t->parent->pid : 0;
	t->exit_code = stat_field(text, STAT_EXIT_CODE_FIELD);
	t->exit_signal = stat_field(text, STAT_EXIT_SIGNAL_FIELD);
	rescue_note_task(ctx, t, stat_field(text, STAT_START_FIELD));
	return 0;
}

static struct task *task_new(struct dump_ctx *ctx, pid_t pid, struct task *parent, struct err *e)
{
	struct task *t = pool_alloc(&ctx->pool, sizeof(*t));

	*t = (struct task){ .pid = pid, .parent = parent, .procfd = -1, .pidfd = -1, .state = TASK_ALIVE };
	if (open_task(t, pid, 0, e))
		return NULL;
	*POOL_PUSH(&ctx->pool, ctx->tasks, ctx->nr_tasks) = t;
	return t;
}

/* Adds a task to the tree and tells its threads to stop. */
static int begin_task(struct dump_ctx *ctx, pid_t pid, struct task *parent, struct err *e)
{
	struct task *t = task_new(ctx, pid, parent, e);

	if (!t)
		return parent && e->errnum == ESRCH ? 0 : -1; /* a child may just have been reaped */
	return seize_new_threads(ctx, t, e) < 0 && e->errnum != ESRCH ? -1 : 0;
}

/* Waits until a task stands still, or is found to be dead. What is read of it now stays so. */
static int end_task(struct dump_ctx *ctx, struct task *t, uint64_t deadline, struct err *e)
{
	char state;

	if (t->nr_threads && !stop_task(ctx, t, deadline, e)) {
		if (t->threads[0].tr.stop_signo)
			t->state = TASK_STOPPED;
		return read_stat(ctx, t, &state, e);
	}
	if (t->nr_threads && e->errnum != ESRCH)
		return -1;
	if (read_stat(ctx, t, &state, e))
		return -1;
	if (state != 'Z')
		return err_set(e, ESRCH, "process %d has ended", t->pid);
	t->state = TASK_DEAD;
	return 0;
}

static void drop_task(struct dump_ctx *ctx, size_t i)
{
	close_task(ctx->tasks[i]);
	memmove(&ctx->tasks[i], &ctx->tasks[i + 1], (ctx->nr_tasks - i - 1) * sizeof(*ctx->tasks));
	ctx->nr_tasks--;
}

/* The tasks from number `from` on have been told to stop. They do so while we wait for the first of them. */
static int end_tasks(struct dump_ctx *ctx, size_t from, uint64_t deadline, struct err *e)
{
	for (size_t i = from; i < ctx->nr_tasks;) {
		struct task *t = ctx->tasks[i];

		if (!end_task(ctx, t, deadline, e))
			i++;
		else if (t->parent && e->errnum == ESRCH && !t->nr_threads)
			drop_task(ctx, i); /* reaped meanwhile: its parent ignores SIGCHLD */
		else
			return -1;
	}
	return 0;
}

static int begin_children(struct dump_ctx *ctx, struct task *t, pid_t tid, struct err *e)
{
	char name[48], *text, *p, *end;
	size_t len;

	snprintf(name, sizeof(name), "task/%d/children", tid);
	if (proc_read(ctx, t, name, &text, &len, e))
		return -1;
	for (p = text;; p = end) {
		long pid = strtol(p, &end, 10);

		if (end == p)
			return 0;
		if (begin_task(ctx, pid, t, e))
			return -1;
	}
}

static int add_children(struct dump_ctx *ctx, struct task *t, uint64_t deadline, struct err *e)
{
	size_t from = ctx->nr_tasks;

	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (begin_children(ctx, t, t->threads[i].tr.tid, e))
			return -1;
	return end_tasks(ctx, from, deadline, e);
}

/* A tool that stops itself would never finish. */
static int check_not_within(pid_t root, struct err *e)
{
	pid_t pid = getpid();

	while (pid > 1) {
		char path[64], state;
		int ppid = 0;

		if (pid == root) {
			err_set(e, 0, "cr-dump is within the tree of process %d that it is to dump", root);
			return err_hint(e, "start cr-dump from a process outside of that tree");
		}
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		_cleanup_fclose_ FILE *f = fopen(path, "re");
		if (!f || fscanf(f, "%*d (%*[^)]) %c %d", &state, &ppid) != 2)
			return 0;
		pid = ppid;
	}
	return 0;
}

int freeze_tree(struct dump_ctx *ctx, struct err *e)
{
	uint64_t start = now_us(), deadline = start + ctx->opts->timeout * 1000000ULL;
	int ret;

	if (check_not_within(ctx->opts->tree, e))
		return -1;
	alarms(true);
	ctx->frozen_at_us = start;
	ret = begin_task(ctx, ctx->opts->tree, NULL, e) || end_tasks(ctx, 0, deadline, e) ? -1 : 0;
	if (ret && e->errnum == ESRCH)
		err_hint(e, "is there a process %d? see ps -e", ctx->opts->tree);
	for (size_t i = 0; !ret && i < ctx->nr_tasks; i++)
		ret = worker_check(e) ? -1 : add_children(ctx, ctx->tasks[i], deadline, e);
	alarms(false);
	if (!ret && ctx->tasks[0]->state == TASK_DEAD)
		ret = err_set(e, 0, "process %d is dead (a zombie)", ctx->opts->tree);
	ctx->freezing_us = now_us() - start;
	if (!ret)
		log_info("%zu tasks stand still after %lu us", ctx->nr_tasks, ctx->freezing_us);
	return ret;
}

/* --- and back ----------------------------------------------------------------------------------------------- */

static void tell(const struct err *e)
{
	if (e->errnum != ESRCH)
		log_err(e);
}

/*
 * When freezing failed, some threads are seized and on their way to a stop: only a thread that stands can be detached, and only then
 * can an interrupted system call be made to go on. One that does not come is detached by the kernel when we end.
 */
static void settle(struct thread *th)
{
	int ret = -1;
	struct err e;

	if (th->stands)
		return;
	alarms(true);
	th->tr.impatient = true;
	for (int tries = 0; ret && tries < 10; tries++) {
		ret = tracee_stop(&th->tr, &e);
		if (ret && e.errnum != EINTR)
			break;
	}
	th->tr.impatient = false;
	alarms(false);
	if (!ret && begin_stand(th, &e))
		tell(&e);
}

static void let_go(struct dump_ctx *ctx, struct task *t, bool stop)
{
	struct err e;

	for (unsigned int i = t->nr_threads; i-- > 0;) {
		settle(&t->threads[i]);
		if (i || !t->inf.leader ? tracee_restore(&t->threads[i].tr, &e) : infection_cure(&t->inf, &e))
			tell(&e);
	}
	if (stop && t->nr_threads)
		kill(t->pid, SIGSTOP);
	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (tracee_detach(&t->threads[i].tr, &e))
			tell(&e);
}

static void reap_thread(pid_t tid)
{
	int status;
	pid_t got;

	do
		got = waitpid(tid, &status, __WALL);
	while (got > 0 ? WIFSTOPPED(status) : errno == EINTR);
}

/* The leader's end is reported last, when the other threads are gone: none of them may be left out. */
static void reap(struct task *t)
{
	for (unsigned int i = t->nr_threads; i-- > 0;)
		reap_thread(t->threads[i].tr.tid);
}

int release_tree(struct dump_ctx *ctx, bool success, struct err *e)
{
	bool kill_it = success && !ctx->opts->leave_running && !ctx->opts->leave_stopped;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct task *t = ctx->tasks[i];

		if (kill_it)
			kill(t->pid, SIGKILL);
		else
			let_go(ctx, t, success && ctx->opts->leave_stopped);
	}
	ctx->frozen_until_us = now_us();
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		if (kill_it)
			reap(ctx->tasks[i]);
		else if (ctx->tasks[i]->state == TASK_STOPPED || (success && ctx->opts->leave_stopped))
			proc_await_stop(ctx->tasks[i]->pid);
		close_task(ctx->tasks[i]);
	}
	return 0;
}
