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

/* The parent that t is born to: its foster's maker if it is to be adopted by its true parent later. */
static struct rtask *first_parent(const struct rtask *t)
{
	return t->born->adopted ? t->born->cloner->parent : t->parent;
}

static unsigned int depth(const struct rtask *t)
{
	unsigned int n = 0;

	while ((t = first_parent(t)))
		n++;
	return n;
}

/* t itself, too. */
static bool is_below(const struct rtask *t, const struct rtask *ancestor)
{
	while (t && t != ancestor)
		t = first_parent(t);
	return t;
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

/* --- the session that a task is born in --------------------------------------------------------------------- */

static bool bears_in(const struct rtask *p, pid_t sid)
{
	return p->sid == sid || (is_leader(p) && p->born->birth_sid == sid);
}

/* Can p bear a child in this session: after its own setsid or, born in it itself, before that? Then so it is. */
static bool may_bear_in(struct rtask *p, pid_t sid)
{
	if (!bears_in(p, sid) && is_leader(p) && p->parent && !p->born->birth_sid && may_bear_in(p->parent, sid))
		p->born->birth_sid = sid;
	return bears_in(p, sid);
}

/*
 * Or is p, a session leader, born in the session of a leader below `place`, by a foster, and then adopted by its parent? Its
 * children before its setsid then have that session.
 */
static bool may_be_fostered(struct rtask *p, pid_t sid, const struct rtask *place, bool settle)
{
	if (!is_leader(p) || !p->parent || (p->born->birth_sid && p->born->birth_sid != sid))
		return false;
	if (!is_below(place, p->parent) && !may_be_fostered(p->parent, sid, place, settle))
		return false;
	if (settle)
		p->born->birth_sid = sid;
	return true;
}

/* t cannot inherit its session from its parent: it comes from its leader, by a foster. */
static bool is_fostered(const struct rtask *t, pid_t sid)
{
	return t->parent && t->born->birth_sid == sid && !bears_in(t->parent, sid);
}

/* With its leader as a child of `place`, can all fostered ones of the session come to their parents? */
static bool suits(struct restore_ctx *ctx, pid_t sid, struct rtask *leader, const struct rtask *place)
{
	if (leader && (is_below(place, leader) || !is_below(place, leader->parent)))
		return false;
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (is_fostered(t, sid) && !is_below(place, t->parent) &&
		    !may_be_fostered(t->parent, sid, place, false))
			return false;
	}
	return true;
}

static struct rtask *deepest_parent(struct restore_ctx *ctx, pid_t sid)
{
	struct rtask *deepest = NULL;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];

		if (is_fostered(t, sid) && (!deepest || depth(t->parent) > depth(deepest)))
			deepest = t->parent;
	}
	return deepest;
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

static void foster(struct restore_ctx *ctx, struct rtask *t, struct rtask *member)
{
	struct rtask *f = add_helper(ctx, free_pid(ctx), member->sid, member);

	f->born->fosters = true;
	t->born->cloner = f;
	t->born->adopted = true;
}

/* Where a session's leader is born: a dead one is stood in for, a living one may have moved up since. */
static bool place_leader(struct restore_ctx *ctx, pid_t sid)
{
	struct rtask *leader = by_pid(ctx, sid), *place = leader ? leader->parent : NULL;

	if (!place || !suits(ctx, sid, leader, place)) {
		place = deepest_parent(ctx, sid);
		while (place && !suits(ctx, sid, leader, place))
			place = first_parent(place);
		if (!place || (leader && (leader->born->birth_sid || leader->born->adopted)))
			return false;
	}
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (is_fostered(ctx->tasks[i], sid) && !is_below(place, ctx->tasks[i]->parent))
			may_be_fostered(ctx->tasks[i]->parent, sid, place, true);
	if (!leader)
		add_helper(ctx, sid, sid, place);
	else if (place != leader->parent)
		foster(ctx, leader, place);
	return true;
}

static void plan_sessions(struct restore_ctx *ctx)
{
	const struct rtask *root = ctx->tasks[0];
	size_t nr = ctx->nr_tasks;

	for (size_t i = 0; i < nr; i++)
		if (!is_leader(ctx->tasks[i]))
			ctx->tasks[i]->born->birth_sid = ctx->tasks[i]->sid;
	for (size_t i = 1; i < nr; i++)
		if (!is_leader(ctx->tasks[i]))
			may_bear_in(ctx->tasks[i]->parent, ctx->tasks[i]->sid);
	for (size_t i = 1; i < nr; i++) {
		struct rtask *t = ctx->tasks[i];

		if (is_leader(t) || !is_fostered(t, t->sid) || t->born->placed)
			continue;
		for (size_t j = i; j < nr; j++)
			ctx->tasks[j]->born->placed |= ctx->tasks[j]->sid == t->sid;
		if ((t->sid == root->sid && !is_leader(root)) || !place_leader(ctx, t->sid))
			problem(ctx, NULL,
				"process %d is in session %d, which none of its relatives can bequeath to it", t->pid,
				t->sid);
	}
}

/* --- who clones whom ---------------------------------------------------------------------------------------- */

static void plan_cloner(struct restore_ctx *ctx, struct rtask *t)
{
	struct rtask *p = t->parent, *leader;
	pid_t sid = t->born->birth_sid;

	if (t->born->adopted)
		return;
	t->born->cloner = p;
	if (!p || !sid || sid == p->sid)
		return;
	if (bears_in(p, sid)) {
		t->born->before_setsid = true;
		return;
	}
	leader = by_pid(ctx, sid);
	if (!leader) /* that was a problem already */
		return;
	if (leader->parent == p && !leader->born->adopted)
		t->born->cloner = leader; /* as its sibling */
	else
		foster(ctx, t, leader);
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

void birth_stand_in(struct restore_ctx *ctx, pid_t pid)
{
	struct rtask *root = ctx->tasks[0];

	if (!by_pid(ctx, pid))
		plan_cloner(ctx, add_helper(ctx, pid, root->sid, root));
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
	plan_sessions(ctx);
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		plan_cloner(ctx, ctx->tasks[i]);
	for (size_t i = 0; i < nr; i++)
		plan_group(ctx, ctx->tasks[i]);
	birth_plan_sharing(ctx);
	for (size_t i = 1; i < ctx->nr_tasks; i++) {
		const struct rtask *t = ctx->tasks[i];

		log_debug("process %d: child of %d, session %d, group %d, born by %d%s%s", t->pid, t->parent->pid,
			  t->sid, t->pgid, t->born->cloner->pid, t->born->before_setsid ? " before its setsid" : "",
			  t->born->adopted ? ", then adopted" : "");
	}
	return 0;
}
