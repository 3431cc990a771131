// SPDX-License-Identifier: GPL-2.0-only
/* cr-dump: turns a running process tree into images. The stages, in order; each undoes itself when a later one fails. */
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/command.h"
#include "base/worker.h"
#include "cr-dump/commit.h"
#include "cr-dump/confined.h"
#include "cr-dump/early.h"
#include "cr-dump/files.h"
#include "cr-dump/rescue.h"

static void look_at_session(struct dump_ctx *ctx)
{
	const struct task *root = ctx->tasks[0];

	if (root->sid != root->pid && !ctx->opts->shell_job)
		refuse(ctx, root, "it is a shell's job: use --shell-job, here and for cr-restore",
		       "the root of the tree is no session leader, its session %d is outside", root->sid);
}

/* Everything that is seen is known to be savable before the first byte is written or a task is touched. */
static int save_tree(struct dump_ctx *ctx, struct err *e)
{
	look_at_session(ctx);
	if (look_tree(ctx, e) || refuse_report(ctx, e) || worker_check(e) || commit_begin(ctx, e))
		return -1;
	return ask_tree(ctx, e) || refuse_report(ctx, e) || worker_check(e) ? -1 : 0;
}

static void undo(struct dump_ctx *ctx)
{
	links_remove(ctx);
	commit_undo(ctx);
}

/* A tree that goes on anyway need not stand still while the disk catches up. */
static int finish(struct dump_ctx *ctx, struct err *e)
{
	bool early = ctx->opts->leave_running;
	struct err releasing;

	if (early && release_tree(ctx, true, e))
		return -1;
	if (commit_finish(ctx, e)) {
		undo(ctx);
		if (!early)
			release_tree(ctx, false, &releasing);
		return -1;
	}
	worker_commit();
	ctx->rescue->committed = true;
	if (early)
		links_remove(ctx);
	log_info("the dump is complete: %lu pages of private and %lu of shared memory", ctx->pages_written,
		 ctx->shpages_written);
	if (early || release_tree(ctx, true, e))
		return early ? 0 : -1;
	if (inotify_queues_save(ctx, &releasing)) {
		log_err(&releasing);
		log_warn("a restore tells the programs that events were lost (IN_Q_OVERFLOW)");
	}
	return 0;
}

static int dump(struct dump_ctx *ctx, struct err *e)
{
	struct err releasing;

	early_begin(ctx);
	if (!freeze_tree(ctx, e) && !save_tree(ctx, e))
		return finish(ctx, e);
	if (ctx->rescue->begun)
		undo(ctx);
	release_tree(ctx, false, &releasing);
	return -1;
}

/* In the worker: whatever happens to the command, this comes to one of its ends. */
static int work(void *arg)
{
	struct dump_ctx *ctx = arg;
	struct err e = { 0 };
	int ret = dump(ctx, &e);

	if (ret)
		log_err(&e);
	early_end(ctx);
	confined_end(ctx);
	pool_free(&ctx->pool);
	ctx->rescue->ended = true;
	return ret ? 1 : 0;
}

static int run(const struct opts *opts, int images_fd, int work_fd, struct err *e)
{
	struct dump_ctx ctx = { .opts = opts, .images_fd = images_fd, .work_fd = work_fd, .next_pages_id = 1 };
	int ret;

	if (!opts->tree)
		return err_set(e, 0, "which process? give its pid with -t");
	log_info("dumping the tree of process %d into %s", opts->tree, opts->images_dir);
	ctx.rescue = rescue_create(e);
	if (!ctx.rescue)
		return -1;
	ret = worker_run("cr-dump-worker", false, work, &ctx) ? 1 : 0;
	if (!ctx.rescue->ended)
		ret = rescue_finish(&ctx);
	if (ret && opts->fault == FAULT_ABORT) {
		prctl(PR_SET_DUMPABLE, 0); /* without a core file */
		abort();
	}
	return ret;
}

int main(int argc, char **argv)
{
	static const struct command dump = { "cr-dump", OPTS_DUMP, run };

	return command_main(&dump, argc, argv);
}
