// SPDX-License-Identifier: GPL-2.0-only
/* Births: the root by the director, all others by their relatives' agents. See birth.h. */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/procstate.h"
#include "cr-restore/birth.h"
#include "cr-restore/dumpable.h"
#include "cr-restore/exit_signal.h"
#include "cr-restore/rseq.h"
#include "cr-restore/slack.h"
#include "cr-restore/tty.h"
#include "restorer/arena.h"
#include "restorer/memory.h"
#include "restorer/newborn.h"

/* --- the first program of a newborn ------------------------------------------------------------------------- */

static void keep_only(struct prog *p, const struct rtask *t, const struct arena *a)
{
	const struct memory *m = t->memory;
	size_t nr = m && m->shares_pages ? m->nr_kept : 0, i = 0;
	uint64_t at = 0;
	bool arena_done = false;

	/* Everything but the arena and the kept ranges goes; both lists ascend. */
	for (;;) {
		bool take_arena = !arena_done && (i == nr || a->base < m->kept[i].start);
		uint64_t start = take_arena ? a->base : i < nr ? m->kept[i].start : TASK_END;
		uint64_t end = take_arena ? a->base + a->size : i < nr ? m->kept[i].end : TASK_END;

		if (start > at)
			PROG(p, SYS_munmap, at, start - at);
		if (start == TASK_END)
			return;
		at = end;
		if (take_arena)
			arena_done = true;
		else
			i++;
	}
}

/*
 * Until the tracer takes over (release.c), a newborn dies with its maker. It may be orphaned before it could ask for
 * that, which the check of its parent finds out.
 */
static int first_program(struct restore_ctx *ctx, struct rtask *t, pid_t parent, struct err *e)
{
	struct prog p;

	agent_begin(t, &p);
	if (!t->born->adopted) { /* its foster dies soon; until it is adopted it lives by our trace */
		PROG(&p, SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
		prog_or_exit(&p);
	}
	PROG(&p, SYS_getppid);
	prog_exact(&p, parent);
	prog_or_exit(&p);
	if (!t->parent) {
		rseq_unregister(&p);
		dumpable_put_off(&p);
	}
	keep_only(&p, t, ctx->arena);
	if (!t->parent || birth_copies_shared(t)) {
		PROG(&p, SYS_close_range, 0, ctx->chan_task - 1, 0);
		PROG(&p, SYS_close_range, ctx->chan_task + 1, ~0U, 0);
	}
	if (prog_ready(&p, e))
		return err_in(e, "pid %d", t->pid);
	t->threads[0].prog = p;
	__atomic_store_n(&p.slot->state, RUN_GO, __ATOMIC_RELEASE); /* it begins with it the moment it is born */
	return 0;
}

static struct clone_args clone_args_for(const struct rtask *t, uint64_t flags, uint64_t set_tid)
{
	return (struct clone_args){
		.flags = flags,
		.exit_signal = flags & CLONE_PARENT ? 0 : exit_signal_of(t), /* a sibling inherits it */
		.stack = t->threads[0].area.remote + offsetof(struct run_slot, stack),
		.stack_size = RUN_STACK_SIZE,
		.set_tid = set_tid,
		.set_tid_size = 1,
	};
}

static int explain_clone(struct rtask *t, struct err *e)
{
	if (e->errnum == EEXIST)
		err_hint(e, "a process or thread with pid %d exists; end it, or restore in a pid namespace of its own",
			 t->pid);
	else if (e->errnum == EPERM)
		err_hint(e, "choosing pids needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN");
	return err_in(e, "cannot create process %d", t->pid);
}

static int await_first(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	t->born->exists = true;
	return agent_finish(ctx, t, &t->threads[0].prog, e);
}

/* The director's sibling: a child of the command, of which the director is the worker, or with --restore-sibling of its caller. */
static int bear_root(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	pid_t pid = t->pid;
	struct clone_args a = clone_args_for(t, CLONE_PARENT, (uint64_t)&pid);
	long ret;

	if (first_program(ctx, t, getppid(), e))
		return -1;
	if (slack_to_inherit(&t->threads[0]))
		prctl(PR_SET_TIMERSLACK, slack_to_inherit(&t->threads[0]));
	ret = clone_newborn(&a, sizeof(a), ctx->arena->base, t->threads[0].area.remote);
	if (ret < 0) {
		err_set(e, -ret, "clone3 failed");
		return explain_clone(t, e);
	}
	return await_first(ctx, t, e) || dumpable_check_reach(ctx, t, e) ? -1 : 0;
}

int birth_bear(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct rtask *cloner = t->born->cloner;
	bool sibling = cloner != t->parent && !t->born->adopted;
	struct clone_args *a;
	struct prog p;
	uint64_t there;
	pid_t pid = t->pid;

	if (first_program(ctx, t, sibling ? t->parent->pid : cloner->pid, e))
		return -1;
	agent_begin(cloner, &p);
	there = prog_room(&p, sizeof(*a), &a);
	*a = clone_args_for(t, birth_share_flags(t) | (sibling ? CLONE_PARENT : 0), prog_bytes(&p, &pid, sizeof(pid)));
	put_slack_to_inherit(&t->threads[0], &p);
	PROG(&p, RUN_CLONE, there, sizeof(*a), t->threads[0].area.remote);
	if (agent_run(ctx, cloner, &p, e))
		return explain_clone(t, e);
	return await_first(ctx, t, e);
}

/* --- the tree grows ----------------------------------------------------------------------------------------- */

static bool waits_for_memory(const struct rtask *t)
{
	return t->memory && t->memory->shares_pages;
}

/* Which children of t are to be born now? */
static bool is_due(const struct rtask *c, const struct rtask *t)
{
	if (c->born->exists || c->born->cloner != t || c->born->fosters || c->born->adopted)
		return false;
	if ((waits_for_memory(c) && !t->memory->filled) || !birth_can_inherit(c))
		return false;
	return c->born->before_setsid || t->born->has_session;
}

static int make_session(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct prog p;

	t->born->has_session = true;
	if (t->sid != t->pid)
		return 0;
	agent_begin(t, &p);
	PROG(&p, SYS_setsid);
	return agent_run(ctx, t, &p, e) || tty_lead(ctx, t, e) ? -1 : 0;
}

int birth_bear_due(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	bool more;

	do {
		for (size_t i = 0; i < ctx->nr_tasks; i++) {
			struct rtask *c = ctx->tasks[i];

			if (!is_due(c, t))
				continue;
			if (birth_bear(ctx, c, e) || birth_grow(ctx, c, e))
				return -1;
		}
		if (birth_part(ctx, t, &more, e))
			return -1;
	} while (more);
	return 0;
}

static bool has_early_sharer(struct restore_ctx *ctx, const struct rtask *t)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *c = ctx->tasks[i];

		if (c->born->cloner == t && c->born->before_setsid && waits_for_memory(c))
			return true;
	}
	return false;
}

/* Everything that t bears before its memory is filled; then its session; then what it bears after that. */
static int grow(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	if (birth_bear_due(ctx, t, e))
		return -1;
	if (has_early_sharer(ctx, t) && (memory_fill(ctx, t, e) || birth_bear_due(ctx, t, e)))
		return -1;
	return make_session(ctx, t, e) || birth_bear_due(ctx, t, e) ? -1 : 0;
}

/* The lock may be let go of meanwhile, to fill a descendant's memory: nobody else is to have a program run in t then. */
int birth_grow(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	int ret;

	t->born->growing = true;
	ret = grow(ctx, t, e);
	t->born->growing = false;
	return ret;
}

/* --- memory, several tasks at once -------------------------------------------------------------------------- */

struct fillers {
	struct restore_ctx *ctx;
	struct err *err; /* of the first failure */
	bool failed;
	size_t at_work;
	pthread_cond_t change;
};

static struct rtask *next_to_fill(struct restore_ctx *ctx)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (t->memory && t->born->exists && !t->born->growing && !t->memory->filled) {
			t->memory->filled = true; /* taken */
			return t;
		}
	}
	return NULL;
}

static int fill_and_bear(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	return memory_fill(ctx, t, e) || birth_bear_due(ctx, t, e) ? -1 : 0;
}

static void *filler(void *arg)
{
	struct fillers *f = arg;
	struct err e;

	pthread_mutex_lock(&f->ctx->lock);
	while (!f->failed) {
		struct rtask *t = next_to_fill(f->ctx);

		if (!t) {
			if (!f->at_work)
				break;
			pthread_cond_wait(&f->change, &f->ctx->lock);
			continue;
		}
		f->at_work++;
		if (fill_and_bear(f->ctx, t, &e) && !f->failed) {
			*f->err = e;
			f->failed = true;
		}
		f->at_work--;
		pthread_cond_broadcast(&f->change);
	}
	pthread_cond_broadcast(&f->change);
	pthread_mutex_unlock(&f->ctx->lock);
	return NULL;
}

#define MAX_FILLERS 16

static int fill_all(struct restore_ctx *ctx, struct err *e)
{
	struct fillers f = { .ctx = ctx, .err = e, .change = PTHREAD_COND_INITIALIZER };
	long nr = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[MAX_FILLERS];
	int started = 0;

	if (nr > (long)ctx->nr_tasks)
		nr = ctx->nr_tasks;
	while (started < nr - 1 && started < MAX_FILLERS && !pthread_create(&threads[started], NULL, filler, &f))
		started++;
	filler(&f);
	while (started-- > 0)
		pthread_join(threads[started], NULL);
	return f.failed ? -1 : 0;
}

static int check_all_born(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (!ctx->tasks[i]->born->exists)
			return err_set(
				e, 0,
				"process %d could not be born: its place in the tree, or what it inherits, is circular",
				ctx->tasks[i]->pid);
	return 0;
}

int birth_tree(struct restore_ctx *ctx, struct err *e)
{
	struct rtask *root = ctx->tasks[0];
	bool more = true;
	int ret;

	pthread_mutex_lock(&ctx->lock);
	ret = bear_root(ctx, root, e) || birth_grow(ctx, root, e) ? -1 : 0;
	pthread_mutex_unlock(&ctx->lock);
	progress_begin(&ctx->progress, "restoring memory", memory_size(ctx));
	while (!ret && more) {
		more = false;
		ret = fill_all(ctx, e) || birth_fostered(ctx, &more, e) ? -1 : 0;
	}
	progress_end(&ctx->progress);
	return ret || check_all_born(ctx, e) || birth_adoptions(ctx, e) ? -1 : 0;
}

/* --- groups, zombies, helpers ------------------------------------------------------------------------------- */

/* In passes: some found a group, others join, and those leave whose own group is another one. */
enum pass { FOUND, JOIN, LEAVE };

static enum pass pass_of(struct restore_ctx *ctx, const struct rtask *t)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->pgid == t->pid)
			return t->pgid == t->pid ? FOUND : LEAVE;
	return JOIN;
}

static int set_group(struct restore_ctx *ctx, struct rtask *t, pid_t pgid, struct err *e)
{
	struct prog p;

	agent_begin(t, &p);
	PROG(&p, SYS_setpgid, 0, pgid);
	return agent_run(ctx, t, &p, e);
}

static int make_groups(struct restore_ctx *ctx, struct err *e)
{
	const struct rtask *root = ctx->tasks[0];
	bool foreign = root->pgid != root->pid && root->sid != root->pid;

	for (enum pass pass = FOUND; pass <= LEAVE; pass++)
		for (size_t i = 0; i < ctx->nr_tasks; i++) {
			struct rtask *t = ctx->tasks[i];
			enum pass its;

			if (t->born->gone || t->sid == t->pid || (foreign && t->pgid == root->pgid))
				continue;
			its = pass_of(ctx, t);
			if (pass == FOUND && its == LEAVE && set_group(ctx, t, t->pid, e))
				return -1;
			if (pass == its && set_group(ctx, t, t->pgid, e))
				return -1;
		}
	return 0;
}

static int die(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	int status = t->helper ? 0 : t->core->tc->exit_code;
	const uint64_t no_core[2] = { 0, 0 }, nothing = 0;
	const uint64_t by_default[4] = { 0 };
	struct prog p;

	agent_begin(t, &p);
	if (!t->helper)
		PROG(&p, SYS_prctl, PR_SET_NAME, prog_str(&p, t->core->tc->comm));
	if (WIFSIGNALED(status)) {
		PROG(&p, SYS_prlimit64, 0, 4 /* RLIMIT_CORE */, prog_bytes(&p, no_core, sizeof(no_core)), 0);
		PROG(&p, SYS_rt_sigaction, WTERMSIG(status), prog_bytes(&p, by_default, sizeof(by_default)), 0, 8);
		prog_any(&p); /* SIGKILL */
		PROG(&p, SYS_rt_sigprocmask, SIG_SETMASK, prog_bytes(&p, &nothing, sizeof(nothing)), 0, 8);
		PROG(&p, SYS_kill, t->pid, WTERMSIG(status));
	} else {
		PROG(&p, SYS_exit_group, WEXITSTATUS(status));
	}
	return agent_start(ctx, t, &p, e);
}

/* The parent sees it dead; of a helper it takes the rest away too. */
static int see_dead(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct prog p;

	agent_begin(t->parent, &p);
	PROG(&p, SYS_waitid, P_PID, t->pid, prog_room(&p, 128, NULL), WEXITED | __WALL | (t->helper ? 0 : WNOWAIT), 0);
	return agent_run(ctx, t->parent, &p, e);
}

/* One that we trace is ours to wait for before its parent can see it dead. */
static int let_die(struct rtask *t, struct err *e)
{
	int status;

	while (t->born->traced) {
		if (waitpid(t->pid, &status, __WALL) != t->pid)
			return err_set(e, errno, "waitpid failed");
		if (!WIFSTOPPED(status))
			break;
		ptrace(PTRACE_CONT, t->pid, 0, WSTOPSIG(status)); /* the signal that it sent to itself */
	}
	return 0;
}

int birth_end(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	if (die(ctx, t, e) || let_die(t, e) || see_dead(ctx, t, e))
		return err_in(e, "while process %d was to die", t->pid);
	t->born->gone = true;
	return 0;
}

int birth_finish(struct restore_ctx *ctx, struct err *e)
{
	if (make_groups(ctx, e))
		return -1;
	for (size_t i = ctx->nr_tasks; i-- > 0;) {
		struct rtask *t = ctx->tasks[i];

		if (t->state == TASK_DEAD && !t->born->gone && birth_end(ctx, t, e))
			return -1;
	}
	return 0;
}

static bool is_there(const struct rtask *t)
{
	return t->born && t->born->exists && !t->born->gone;
}

void birth_undo(struct restore_ctx *ctx)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (is_there(ctx->tasks[i]))
			kill(ctx->tasks[i]->pid, SIGKILL);
	/* Those that we trace are reported to us first; then they and their orphans are the command's to reap (main.c). */
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (is_there(ctx->tasks[i]))
			proc_await_end(ctx->tasks[i]->pid);
}
