// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seccomp. The threads are traced with seccomp suspended (release.c), so it is set first, while there is the right to do so, and takes effect
 * when they are let go. What all threads of a process have in common is installed once for all of them (TSYNC): they share it again.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cr-restore/agent.h"
#include "cr-restore/seccomp.h"
#include "cr-restore/state.h"

/* The filters of a thread as indices into seccomp.img, the first installed first. */
struct chain {
	uint32_t *index;
	size_t nr;
};

static bool first_filter(const struct restore_ctx *ctx, const struct rtask *t, const struct agent_thread *th,
			 uint32_t *ret)
{
	const ThreadCoreEntry *c = seccomp_teller(ctx, t, th);

	*ret = c->has_seccomp_filter ? c->seccomp_filter : t->core->tc->old_seccomp_filter;
	return seccomp_mode_of(ctx, t, th) == SECCOMP_MODE_FILTER &&
	       (c->has_seccomp_filter || t->core->tc->has_old_seccomp_filter);
}

static int check_filter(const SeccompFilter *f, uint32_t index, struct err *e)
{
	size_t nr = f->filter.len / sizeof(struct sock_filter);

	if (nr && nr <= BPF_MAXINSNS && !(f->filter.len % sizeof(struct sock_filter)))
		return 0;
	return err_set(e, 0, "seccomp.img: filter %u has %zu bytes, which make no program", index, f->filter.len);
}

static int chain_of(struct restore_ctx *ctx, const struct rtask *t, const struct agent_thread *th, struct chain *ret,
		    struct err *e)
{
	const SeccompEntry *all = ctx->filters;
	size_t n_all = all ? all->n_seccomp_filters : 0;
	uint32_t at;
	bool more = first_filter(ctx, t, th, &at);

	*ret = (struct chain){ 0 };
	while (more) {
		if (at >= n_all || ret->nr > n_all)
			return err_set(e, 0, "seccomp.img: the chain of filters of thread %d is broken at filter %u",
				       th->tid, at);
		if (check_filter(all->seccomp_filters[at], at, e))
			return -1;
		*POOL_PUSH(&ctx->pool, ret->index, ret->nr) = at;
		more = all->seccomp_filters[at]->has_prev;
		at = all->seccomp_filters[at]->prev;
	}
	return 0;
}

static int load(struct restore_ctx *ctx, struct err *e)
{
	ProtobufCMessage *msg;

	if (ctx->filters)
		return 0;
	if (img_read_one(ctx->images_fd, IMG_SECCOMP, 0, &msg, e))
		return e->errnum == ENOENT ? 0 : -1;
	ctx->filters = (SeccompEntry *)msg;
	return 0;
}

static int seccomp_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct chain c;

	for (size_t i = 0; i < t->nr_threads; i++) {
		unsigned int mode = seccomp_mode_of(ctx, t, &t->threads[i]);

		if (!mode)
			continue;
		if (mode > SECCOMP_MODE_FILTER)
			return err_set(e, 0, "core-%d.img: unknown seccomp mode %u", t->threads[i].tid, mode);
		if (load(ctx, e) || chain_of(ctx, t, &t->threads[i], &c, e))
			return -1;
		if (mode == SECCOMP_MODE_FILTER && !c.nr)
			return err_set(e, 0, "core-%d.img: a thread under seccomp filters has none", t->threads[i].tid);
	}
	return 0;
}

/* --- installing --------------------------------------------------------------------------------------------- */

/* The instructions are too long for the area of most threads, so they go through the leader's. */
static int install(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, uint32_t index,
		   unsigned int flags, struct err *e)
{
	const SeccompFilter *f = ctx->filters->seccomp_filters[index];
	struct sock_fprog fprog = { .len = f->filter.len / sizeof(struct sock_filter) };
	struct prog data, own, *p = &data;

	thread_begin(&t->threads[0], &data);
	fprog.filter = (struct sock_filter *)prog_bytes(&data, f->filter.data, f->filter.len);
	if (th != &t->threads[0]) {
		thread_begin(th, &own);
		p = &own;
	}
	/* What a filter may have done to the mitigations of CPU bugs is among their own settings (prctl.c). */
	if (th->core->thread_core->n_speculation)
		flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	PROG(p, SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	     flags | (f->has_flags ? f->flags & ~SECCOMP_FILTER_FLAG_TSYNC : 0), prog_bytes(p, &fprog, sizeof(fprog)));
	prog_exact(p, 0); /* with TSYNC: or the thread that could not follow */
	if (thread_start(t, p, e) || thread_finish(t, th, p, e))
		return err_in(e, "seccomp filter %u", index);
	return 0;
}

static int make_strict(struct rtask *t, struct agent_thread *th, struct err *e)
{
	struct prog p;

	thread_begin(th, &p);
	PROG(&p, SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	return thread_start(t, &p, e) || thread_finish(t, th, &p, e) ? -1 : 0;
}

static bool is_same(const SeccompFilter *a, const SeccompFilter *b)
{
	return a->flags == b->flags && a->filter.len == b->filter.len &&
	       !memcmp(a->filter.data, b->filter.data, a->filter.len);
}

/* How many filters do all threads begin with? */
static size_t common(const struct restore_ctx *ctx, const struct chain *chains, size_t nr)
{
	SeccompFilter *const *all = ctx->filters ? ctx->filters->seccomp_filters : NULL;

	size_t n = chains[0].nr;

	for (size_t i = 1; i < nr; i++) {
		size_t same = 0;

		while (same < n && same < chains[i].nr &&
		       is_same(all[chains[i].index[same]], all[chains[0].index[same]]))
			same++;
		n = same;
	}
	return n;
}

static bool is_confined(const struct restore_ctx *ctx, const struct rtask *t)
{
	for (size_t i = 0; i < t->nr_threads; i++)
		if (seccomp_mode_of(ctx, t, &t->threads[i]))
			return true;
	return false;
}

static int seccomp_before(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct chain *chains;
	size_t shared;

	if (!is_confined(ctx, t))
		return 0;
	chains = pool_alloc(&ctx->pool, t->nr_threads * sizeof(*chains));
	for (size_t i = 0; i < t->nr_threads; i++)
		if (chain_of(ctx, t, &t->threads[i], &chains[i], e))
			return -1;
	shared = common(ctx, chains, t->nr_threads);
	for (size_t i = 0; i < shared; i++)
		if (install(ctx, t, &t->threads[0], chains[0].index[i],
			    t->nr_threads > 1 ? SECCOMP_FILTER_FLAG_TSYNC : 0, e))
			return -1;
	for (size_t i = 0; i < t->nr_threads; i++) {
		struct agent_thread *th = &t->threads[i];

		for (size_t j = shared; j < chains[i].nr; j++)
			if (install(ctx, t, th, chains[i].index[j], 0, e))
				return -1;
		if (seccomp_mode_of(ctx, t, th) == SECCOMP_MODE_STRICT && make_strict(t, th, e))
			return -1;
	}
	return 0;
}

const struct restore_state restore_seccomp = {
	.name = "seccomp",
	.check = seccomp_check,
	.before = seccomp_before,
};
