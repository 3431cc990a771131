// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptor tables, and working directories with root and umask, that several tasks share: clone(2) hands them down, unshare(2)
 * gives them up, nothing else moves them. So all on the way between two that share one have it for a while, from their birth on or, if it
 * begins with them, as one of several that they have one after the other. See birth.h.
 */
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sys/syscall.h>

#include "cr-restore/birth.h"

static const struct {
	const char *name;
	uint64_t flag;
} objects[BORN_OBJECTS] = {
	[BORN_TABLE] = { "descriptor table", CLONE_FILES },
	[BORN_FS] = { "working directory", CLONE_FS },
};

/* --- the plan ----------------------------------------------------------------------------------------------- */

/* What t has in the end; NULL: it does not live that long. */
static struct rtask *own(const struct rtask *t, enum born_object o)
{
	return o == BORN_TABLE ? t->table_of : t->fs_of;
}

/* Number of ancestors by birth; SIZE_MAX: they form a circle, which ends the restore later. */
static size_t depth(const struct restore_ctx *ctx, const struct rtask *t)
{
	size_t n = 0;

	while ((t = t->born->cloner))
		if (++n > ctx->nr_tasks)
			return SIZE_MAX;
	return n;
}

static struct rtask *common_ancestor(const struct restore_ctx *ctx, struct rtask *a, struct rtask *b)
{
	size_t above_a = depth(ctx, a), above_b = depth(ctx, b);

	if (above_a == SIZE_MAX || above_b == SIZE_MAX)
		return a;
	for (; above_a > above_b; above_a--)
		a = a->born->cloner;
	for (; above_b > above_a; above_b--)
		b = b->born->cloner;
	while (a != b) {
		a = a->born->cloner;
		b = b->born->cloner;
	}
	return a;
}

static size_t find(const struct holding *h, const struct rtask *object)
{
	size_t i = 0;

	while (i < h->nr && h->objects[i] != object)
		i++;
	return i;
}

static void move(struct holding *h, size_t from, size_t to)
{
	struct rtask *object = h->objects[from];

	for (; from > to; from--)
		h->objects[from] = h->objects[from - 1];
	for (; from < to; from++)
		h->objects[from] = h->objects[from + 1];
	h->objects[to] = object;
}

static void cannot(struct restore_ctx *ctx, const struct rtask *t, enum born_object o, const struct rtask *a,
		   const struct rtask *b)
{
	problem(ctx, NULL, "process %d cannot hand down both the %s that process %d has and that of process %d", t->pid,
		objects[o].name, a->pid, b->pid);
}

/* All from t up to the highest have the object for a while. */
static void hand_down(struct restore_ctx *ctx, struct rtask *t, const struct rtask *highest, struct rtask *object,
		      enum born_object o)
{
	for (;; t = t->born->cloner) {
		struct holding *h = &t->born->held[o];

		if (find(h, object) < h->nr)
			return;
		*POOL_PUSH(&ctx->pool, h->objects, h->nr) = object;
		if (t == highest)
			return;
		if (h->inherited)
			cannot(ctx, t, o, h->objects[0], object);
		h->inherited = true;
		move(h, h->nr - 1, 0);
	}
}

static bool inherits(const struct rtask *c, enum born_object o, const struct rtask *cloner)
{
	return c->born->cloner == cloner && c->born->held[o].inherited;
}

/* In the order in which the children are born who inherit them. Its own comes last, and stays. */
static void sort(struct restore_ctx *ctx, struct rtask *t, enum born_object o)
{
	struct holding *h = &t->born->held[o];
	struct rtask *last = own(t, o);
	size_t at = h->inherited;

	if (last && find(h, last) == h->nr)
		*POOL_PUSH(&ctx->pool, h->objects, h->nr) = last;
	if (h->inherited && h->objects[0] == last && h->nr > 1)
		cannot(ctx, t, o, last, h->objects[1]);
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *c = ctx->tasks[i];
		size_t from = inherits(c, o, t) ? find(h, c->born->held[o].objects[0]) : h->nr;

		if (from < h->nr && from >= at && h->objects[from] != last)
			move(h, from, at++);
	}
	if (last)
		move(h, find(h, last), h->nr - 1);
}

/* A session leader goes through the same order once more: who is born before its setsid(2) cannot inherit what comes after it. */
static void check_sessions(struct restore_ctx *ctx, const struct rtask *t, enum born_object o)
{
	const struct holding *h = &t->born->held[o];
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *c = ctx->tasks[i];

		if (inherits(c, o, t) && !c->born->before_setsid && find(h, c->born->held[o].objects[0]) < first)
			first = find(h, c->born->held[o].objects[0]);
	}
	for (size_t i = 0; i < ctx->nr_tasks && t->sid == t->pid; i++) {
		const struct rtask *c = ctx->tasks[i];

		if (inherits(c, o, t) && c->born->before_setsid && find(h, c->born->held[o].objects[0]) > first)
			cannot(ctx, t, o, h->objects[first], c->born->held[o].objects[0]);
	}
}

static void plan(struct restore_ctx *ctx, enum born_object o)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i], *object = own(t, o);

		if (object && object != t)
			object->born->highest[o] =
				common_ancestor(ctx, object->born->highest[o] ? object->born->highest[o] : object, t);
	}
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i], *object = own(t, o);

		if (object && object->born->highest[o] && depth(ctx, t) != SIZE_MAX)
			hand_down(ctx, t, object->born->highest[o], object, o);
	}
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		if (!ctx->tasks[i]->born->held[o].nr)
			continue;
		sort(ctx, ctx->tasks[i], o);
		check_sessions(ctx, ctx->tasks[i], o);
	}
}

void birth_plan_sharing(struct restore_ctx *ctx)
{
	for (enum born_object o = 0; o < BORN_OBJECTS; o++)
		plan(ctx, o);
}

/* --- births ------------------------------------------------------------------------------------------------- */

bool birth_can_inherit(const struct rtask *t)
{
	for (enum born_object o = 0; o < BORN_OBJECTS; o++) {
		const struct holding *h = &t->born->cloner->born->held[o];

		if (t->born->held[o].inherited && h->objects[h->now] != t->born->held[o].objects[0])
			return false;
	}
	return true;
}

uint64_t birth_share_flags(const struct rtask *t)
{
	uint64_t flags = 0;

	for (enum born_object o = 0; o < BORN_OBJECTS; o++)
		if (t->born->held[o].inherited)
			flags |= objects[o].flag;
	return flags;
}

bool birth_copies_shared(const struct rtask *t)
{
	return !t->born->held[BORN_TABLE].inherited && t->born->cloner && t->born->cloner->born->held[BORN_TABLE].nr;
}

static bool has_heirs(struct restore_ctx *ctx, const struct rtask *t, enum born_object o)
{
	const struct holding *h = &t->born->held[o];

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *c = ctx->tasks[i];

		if (inherits(c, o, t) && !c->born->exists && c->born->held[o].objects[0] == h->objects[h->now])
			return true;
	}
	return false;
}

int birth_part(struct restore_ctx *ctx, struct rtask *t, bool *progress_ret, struct err *e)
{
	struct prog p;

	*progress_ret = false;
	agent_begin(t, &p);
	for (enum born_object o = 0; o < BORN_OBJECTS; o++) {
		struct holding *h = &t->born->held[o];

		if (h->now + 1 >= h->nr || has_heirs(ctx, t, o))
			continue;
		h->now++;
		*progress_ret = true;
		if (o == BORN_TABLE) { /* what others have in it for the moment is not copied */
			PROG(&p, SYS_close_range, ctx->chan_task + 1, ~0U, CLOSE_RANGE_UNSHARE);
			PROG(&p, SYS_close_range, 0, ctx->chan_task - 1, 0);
		} else {
			PROG(&p, SYS_unshare, CLONE_FS);
		}
	}
	return *progress_ret ? agent_run(ctx, t, &p, e) : 0;
}
