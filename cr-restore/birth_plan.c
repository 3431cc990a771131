// SPDX-License-Identifier: GPL-2.0-only
/* Who is cloned by whom, and before or after whose setsid: sessions can only be inherited. See birth.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cr-restore/birth.h"

static bool is_leader(const struct rtask *t)
{
	return t->sid == t->pid;
}

static struct rtask *by_pid(struct restore_ctx *ctx, pid_t pid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->pid == pid)
			return ctx->tasks[i];
	return NULL;
}

/* A session leader may be born anywhere, unless a child of its has the session it was born in. Children come after parents. */
static void plan_birth_sessions(struct restore_ctx *ctx)
{
	for (size_t i = ctx->nr_tasks; i-- > 0;) {
		struct rtask *t = ctx->tasks[i];
		struct rtask *p = t->parent;

		if (!is_leader(t))
			t->born->birth_sid = t->sid;
		if (p && is_leader(p) && t->born->birth_sid && t->born->birth_sid != p->sid && !p->born->birth_sid)
			p->born->birth_sid = t->born->birth_sid;
	}
}

static struct rtask *add_helper(struct restore_ctx *ctx, pid_t pid, pid_t sid, struct rtask *parent)
{
	struct rtask *h = pool_alloc(&ctx->pool, sizeof(*h));

	*h = (struct rtask){
		.pid = pid, .pgid = pid, .sid = sid, .parent = parent, .state = TASK_DEAD, .helper = true
	};
	h->born = pool_alloc(&ctx->pool, sizeof(*h->born));
	h->born->cloner = parent;
	h->born->birth_sid = sid == pid ? 0 : sid;
	*POOL_PUSH(&ctx->pool, ctx->tasks, ctx->nr_tasks) = h;
	log_debug("process %d will be there for a while to hold its id", pid);
	return h;
}

/* A child of p, other than t, that is in session sid: it can bear a sibling there. */
static struct rtask *sibling_in(struct restore_ctx *ctx, const struct rtask *t, pid_t sid)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *y = ctx->tasks[i];

		if (y != t && y->parent == t->parent && y->sid == sid && (is_leader(y) || y->born->cloner == y->parent))
			return y;
	}
	return NULL;
}

static unsigned int depth(const struct rtask *t)
{
	unsigned int n = 0;

	while ((t = t->parent))
		n++;
	return n;
}

static bool descends_from(const struct rtask *t, const struct rtask *ancestor)
{
	while ((t = t->parent))
		if (t == ancestor)
			return true;
	return false;
}

/*
 * A dead leader is stood in for below the deepest parent of those members that cannot inherit the session from their parent: the
 * other ones are adopted from there.
 */
static struct rtask *stand_in_leader(struct restore_ctx *ctx, pid_t sid)
{
	struct rtask *deepest = NULL;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (t->sid == sid && t->parent && t->parent->sid != sid &&
		    (!deepest || depth(t->parent) > depth(deepest)))
			deepest = t->parent;
	}
	return add_helper(ctx, sid, sid, deepest);
}

/* Somebody in session sid below t's parent, who is not t or of t's making. Zombies do: they die last of all. */
static struct rtask *member_for(struct restore_ctx *ctx, pid_t sid, const struct rtask *t)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *y = ctx->tasks[i];

		if (y->sid == sid && !y->born->fosters && y != t && !descends_from(y, t) && descends_from(y, t->parent))
			return y;
	}
	return NULL;
}

/* A pid for somebody who will be gone before anyone can see it. 0: none. */
static pid_t free_pid(struct restore_ctx *ctx)
{
	char path[32];

	for (pid_t pid = 32000; pid > 1; pid--) {
		snprintf(path, sizeof(path), "/proc/%d", pid);
		if (!by_pid(ctx, pid) && access(path, F_OK))
			return pid;
	}
	return 0;
}

static void plan_adoption(struct restore_ctx *ctx, struct rtask *t, pid_t sid)
{
	struct rtask *member = member_for(ctx, sid, t), *foster;

	if (!member) {
		problem(ctx, NULL, "process %d is in session %d, which none of its relatives can bequeath to it",
			t->pid, sid);
		t->born->cloner = t->parent;
		return;
	}
	foster = add_helper(ctx, free_pid(ctx), sid, member);
	foster->born->fosters = true;
	t->born->cloner = foster;
	t->born->adopted = true;
}

static void plan_cloner(struct restore_ctx *ctx, struct rtask *t)
{
	struct rtask *p = t->parent;
	pid_t sid = t->born->birth_sid;

	t->born->cloner = p;
	if (!p || !sid || sid == p->sid)
		return;
	if (is_leader(p) && sid == p->born->birth_sid && p->parent) {
		t->born->before_setsid = true;
		return;
	}
	if (!by_pid(ctx, sid))
		stand_in_leader(ctx, sid);
	t->born->cloner = sibling_in(ctx, t, sid);
	if (!t->born->cloner)
		plan_adoption(ctx, t, sid);
}

/* A group whose leader is dead needs somebody of that pid to found it. The root's own foreign group is inherited. */
static void plan_group(struct restore_ctx *ctx, struct rtask *t)
{
	struct rtask *root = ctx->tasks[0];

	if (t->pgid == t->pid || by_pid(ctx, t->pgid) || (root->pgid != root->pid && t->pgid == root->pgid))
		return;
	if (!t->parent) {
		problem(ctx, "dump and restore a shell's job with --shell-job",
			"process %d is in process group %d, which is outside of the tree", t->pid, t->pgid);
		return;
	}
	plan_cloner(ctx, add_helper(ctx, t->pgid, t->sid, t->parent));
}

int birth_plan(struct restore_ctx *ctx, struct err *e)
{
	struct rtask *root = ctx->tasks[0];
	size_t nr = ctx->nr_tasks;

	for (size_t i = 0; i < nr; i++)
		ctx->tasks[i]->born = pool_alloc(&ctx->pool, sizeof(struct born));
	if (!is_leader(root) && !ctx->opts->shell_job)
		problem(ctx, "use --shell-job to make it part of the session in which cr-restore runs",
			"process %d is not a session leader: its session %d is outside of the images", root->pid,
			root->sid);
	plan_birth_sessions(ctx);
	for (size_t i = 0; i < nr; i++)
		plan_cloner(ctx, ctx->tasks[i]);
	for (size_t i = 0; i < nr; i++)
		plan_group(ctx, ctx->tasks[i]);
	for (size_t i = 1; i < ctx->nr_tasks; i++) {
		const struct rtask *t = ctx->tasks[i];

		log_debug("process %d: child of %d, session %d, group %d, born by %d%s%s", t->pid, t->parent->pid,
			  t->sid, t->pgid, t->born->cloner->pid, t->born->before_setsid ? " before its setsid" : "",
			  t->born->adopted ? ", then adopted" : "");
	}
	return 0;
}
