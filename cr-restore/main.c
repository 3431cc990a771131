// SPDX-License-Identifier: GPL-2.0-only
/* cr-restore: turns images into a running process tree. It succeeds whole, or leaves nothing behind. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command.h"
#include "base/worker.h"
#include "cr-restore/agent.h"
#include "cr-restore/birth.h"
#include "cr-restore/label.h"
#include "cr-restore/leader.h"
#include "cr-restore/load.h"
#include "cr-restore/names.h"
#include "cr-restore/plan.h"
#include "cr-restore/state.h"
#include "restorer/arena.h"
#include "restorer/memory.h"
#include "restorer/release.h"
#include "restorer/threads.h"
#include "stats.pb-c.h"

/* --- preparation -------------------------------------------------------------------------------------------- */

/* The director keeps every open file of the tree for a while. */
static void raise_own_limits(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int highest_fd(const struct restore_ctx *ctx)
{
	int highest = 63;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *t = ctx->tasks[i];

		if (t->nr_fds && (int)t->fds[t->nr_fds - 1]->fd > highest)
			highest = t->fds[t->nr_fds - 1]->fd;
	}
	return highest;
}

/* The task's end must have a number that no task uses, and be inherited: no FD_CLOEXEC is needed, nobody execs. */
static int make_channel(struct restore_ctx *ctx, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return err_set(e, errno, "cannot create the socket to the new tasks");
	ctx->chan = pair[0];
	ctx->chan_task = fcntl(pair[1], F_DUPFD_CLOEXEC, highest_fd(ctx) + 1);
	close(pair[1]);
	if (ctx->chan_task < 0) {
		err_set(e, errno, "no descriptor number above %d can be had", highest_fd(ctx));
		return err_hint(e, "raise the limit on open files (ulimit -n)");
	}
	return 0;
}

/* The newborn inherit this mask; nothing may reach them before they are whole. */
static void block_signals(sigset_t *old)
{
	uint64_t all = ~0ULL; /* sigfillset leaves out the C library's own signals */

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, old, sizeof(all));
}

/* --- the restore -------------------------------------------------------------------------------------------- */

/* Files of /proc are those of processes and threads: all of these first. */
static int finish_tasks(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (t->state != TASK_DEAD &&
		    (memory_finish(ctx, t, e) || label_early(ctx, t, e) || threads_create(ctx, t, e)))
			return err_in(e, "pid %d", t->pid);
	}
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (t->state != TASK_DEAD && files_give(ctx, t, e))
			return err_in(e, "pid %d", t->pid);
	}
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->state != TASK_DEAD && files_set_fs(ctx, ctx->tasks[i], e))
			return -1;
	return 0;
}

/* Children before parents: a parent forgets the SIGCHLD of a child that stops, see signals.c. */
static int restore_states(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = ctx->nr_tasks; i-- > 0;) {
		struct rtask *t = ctx->tasks[i];

		if (t->state == TASK_DEAD)
			continue;
		if (state_restore(ctx, t, e))
			return -1;
		if (t->state == TASK_STOPPED && release_stop(ctx, t, e))
			return -1;
	}
	return 0;
}

static int build_tree(struct restore_ctx *ctx, struct err *e)
{
	uint64_t start = now_us();

	if (birth_tree(ctx, e))
		return -1;
	ctx->forking_us = now_us() - start;
	log_info("all %zu tasks are born", ctx->nr_tasks);
	if (ctx->opts->fault == FAULT_KILL_ROOT)
		kill(ctx->tasks[0]->pid, SIGKILL);
	if (finish_tasks(ctx, e) || release_seize(ctx, e) || birth_finish(ctx, e) || files_finish_all(ctx, e) ||
	    leaders_end(ctx, e) || restore_states(ctx, e))
		return -1;
	log_info("the state of all tasks is restored");
	return release_prepare(ctx, e);
}

/* One of an earlier restore is replaced: a file of our own, whatever somebody has put in its place. */
static int write_pidfile(struct restore_ctx *ctx, struct err *e)
{
	const char *name = ctx->opts->pidfile;

	if (!name)
		return 0;
	if (unlinkat(ctx->work_fd, name, 0) && errno != ENOENT)
		return err_set(e, errno, "cannot replace the pidfile %s", name);
	if (names_new(ctx->made,
		      *name == '/' ? name : pool_printf(&ctx->pool, "/proc/self/fd/%d/%s", ctx->work_fd, name), e))
		return -1;
	_cleanup_close_ int fd = openat(ctx->work_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(e, errno, "cannot create the pidfile %s", name);
	if (dprintf(fd, "%d", ctx->tasks[0]->pid) < 0)
		return err_set(e, errno, "cannot write the pidfile %s", name);
	return 0;
}

static int write_stats(struct restore_ctx *ctx, uint64_t total_us, struct err *e)
{
	StatsEntry stats = STATS_ENTRY__INIT;
	RestoreStatsEntry r = RESTORE_STATS_ENTRY__INIT;

	r.pages_compared = ctx->pages_compared;
	r.pages_skipped_cow = ctx->pages_skipped_cow;
	r.forking_time = ctx->forking_us;
	r.restore_time = total_us;
	r.has_pages_restored = true;
	r.pages_restored = ctx->pages_restored;
	stats.restore = &r;
	if (ctx->opts->display_stats)
		printf("Displaying restore stats:\nPages compared: %lu (0x%lx)\nPages skipped COW: %lu (0x%lx)\nPages restored: %lu (0x%lx)\n"
		       "Restore time: %u us\nForking time: %u us\n",
		       r.pages_compared, r.pages_compared, r.pages_skipped_cow, r.pages_skipped_cow, r.pages_restored,
		       r.pages_restored, r.restore_time, r.forking_time);
	return img_write_one(ctx->work_fd, IMG_STATS_RESTORE, 0, &stats.base, e);
}

/* The last moment to turn back: from here on the tree is let go, whatever happens to the command. */
static int decide(struct restore_ctx *ctx, struct err *e)
{
	if (!given_up())
		return fault_strikes(ctx->opts->fault, FAULT_LAST_MOMENT, e);
	return err_set(e, 0, "given up: cr-restore was ended by a signal");
}

static int restore(struct restore_ctx *ctx, struct err *e)
{
	uint64_t start = now_us();

	if (plan_restore(ctx, e))
		return -1;
	if (ctx->opts->plan)
		return 0;
	if (arena_create(ctx, e) || make_channel(ctx, e))
		return -1;
	if (build_tree(ctx, e) || write_stats(ctx, now_us() - start, e) || decide(ctx, e) || write_pidfile(ctx, e)) {
		birth_undo(ctx);
		return -1;
	}
	release_go(ctx);
	*ctx->root_ret = ctx->tasks[0]->pid;
	files_remove_links(ctx);
	log_info("the tree of process %d runs after %lu us", ctx->tasks[0]->pid, now_us() - start);
	return 0;
}

static void cleanup(struct restore_ctx *ctx)
{
	files_free(ctx);
	memory_free(ctx);
	load_free(ctx);
	arena_destroy(ctx);
	if (ctx->chan >= 0)
		close(ctx->chan);
	pool_free(&ctx->pool);
}

/* --- the command and its worker ----------------------------------------------------------------------------- */

static int work(void *arg)
{
	struct restore_ctx *ctx = arg;
	struct err e = { 0 };
	sigset_t old;
	int ret;

	block_signals(&old);
	ret = restore(ctx, &e);
	if (ret)
		log_err(&e);
	sigprocmask(SIG_SETMASK, &old, NULL);
	cleanup(ctx);
	if (ret)
		names_undo(ctx->made);
	return ret ? 1 : 0;
}

/* The attached form: the exit status of the root is ours. */
static int wait_for_root(pid_t root)
{
	int status;

	while (waitpid(root, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The children of this process, in a text as /proc/PID/task/TID/children has it: " 12 13 ". */
static char *list_children(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	_cleanup_fclose_ FILE *f = fopen("/proc/thread-self/children", "re");
	int pid;

	if (!out)
		return NULL;
	fputc(' ', out);
	while (f && fscanf(f, "%d", &pid) == 1)
		fprintf(out, "%d ", pid);
	fclose(out);
	return text;
}

/*
 * After a failure everything that the restore made is gone, or about to go. Only a worker that was killed leaves something: newborn
 * tasks, which are no good. Whoever was our child before the restore began is not touched.
 */
static void end_leftovers(const char *before)
{
	bool found = true;

	while (found) {
		_cleanup_free_ char *now = list_children();
		char *rest = now, *word, pattern[16];

		found = false;
		while (before && (word = strsep(&rest, " "))) {
			snprintf(pattern, sizeof(pattern), " %s ", word);
			if (!*word || strstr(before, pattern))
				continue;
			kill(atoi(word), SIGKILL);
			found |= waitpid(atoi(word), NULL, __WALL) > 0 || errno == EINTR;
		}
	}
}

/*
 * A restore succeeds whole or leaves nothing, also when the command is killed: it is done by a worker, which outlives the
 * command and then either undoes everything or, once it has begun to let the tree go, finishes. The root is born as the
 * command's child. With --restore-sibling it has to be the caller's, which only the command itself can arrange.
 */
static int supervise(struct restore_ctx *ctx, const struct opts *opts)
{
	_cleanup_free_ char *before = NULL;
	int ret;

	if (opts->restore_sibling || opts->plan)
		return work(ctx);
	before = list_children();
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans of a failed restore come here to be reaped */
	ret = worker_run("cr-restore-worker", opts->shell_job, work, ctx);
	if (*ctx->root_ret)
		ret = 0; /* the tree runs, whatever has become of the worker since */
	if (ret) {
		end_leftovers(before);
		names_undo(ctx->names);
		names_undo(ctx->made);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	return ret || opts->restore_detached ? ret : wait_for_root(*ctx->root_ret);
}

static int run(const struct opts *opts, int images_fd, int work_fd, struct err *e)
{
	struct restore_ctx ctx = {
		.opts = opts,
		.images_fd = images_fd,
		.work_fd = work_fd,
		.chan = -1,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};

	ctx.root_ret = mmap(NULL, sizeof(*ctx.root_ret), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ctx.root_ret == MAP_FAILED)
		return err_set(e, errno, "cannot map a page to share with the worker");
	ctx.names = names_create(e);
	ctx.made = ctx.names ? names_create(e) : NULL;
	if (!ctx.made)
		return -1;
	raise_own_limits();
	return supervise(&ctx, opts);
}

int main(int argc, char **argv)
{
	static const struct command restore = { "cr-restore", OPTS_RESTORE, run };

	return command_main(&restore, argc, argv);
}
