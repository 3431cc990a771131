// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seccomp: the mode and the chain of filters of every thread, by ptrace; a thread names its oldest filter, each filter the next one.
 * Filters that are equal up to the newest are saved once.
 * What the kernel does not tell: whether two threads share a filter or have one of the same content each.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>

#include "cr-dump/ahead.h"
#include "cr-dump/task.h"
#include "seccomp.pb-c.h"

#define NO_FILTER UINT32_MAX

/* struct seccomp_metadata of linux/ptrace.h, which sys/ptrace.h does not go with. */
struct metadata {
	uint64_t filter_off, flags;
};

/* A filter as the kernel tells it. */
struct filter {
	uint32_t flags;
	size_t len; /* bytes */
	const void *insns;
};

/* Those of a thread, the first installed first. */
struct chain {
	struct filter *list;
	size_t nr;
};

/* All filters of the tree, in the order of seccomp.img: before each comes the one that was installed after it. */
struct filters {
	SeccompFilter **list;
	size_t nr;
};

static struct filters *filters_of(struct dump_ctx *ctx)
{
	if (!ctx->filters)
		ctx->filters = pool_alloc(&ctx->pool, sizeof(*ctx->filters));
	return ctx->filters;
}

static bool is_same(const SeccompFilter *x, uint32_t prev, uint32_t flags, const struct filter *f)
{
	return (x->has_prev ? x->prev : NO_FILTER) == prev && x->flags == flags && x->filter.len == f->len &&
	       !memcmp(x->filter.data, f->insns, f->len);
}

static uint32_t intern(struct dump_ctx *ctx, uint32_t prev, uint32_t flags, const struct filter *f)
{
	struct filters *all = filters_of(ctx);
	SeccompFilter *x;

	for (size_t i = 0; i < all->nr; i++)
		if (is_same(all->list[i], prev, flags, f))
			return i;
	x = POOL_MSG(&ctx->pool, SeccompFilter, seccomp_filter);
	x->filter.data = (void *)f->insns;
	x->filter.len = f->len;
	PB_SET(x, flags, flags);
	if (prev != NO_FILTER)
		PB_SET(x, prev, prev);
	*POOL_PUSH(&ctx->pool, all->list, all->nr) = x;
	return all->nr - 1;
}

/* One that asks a listener whenever it meets some call; nobody would answer after a restore. */
static bool asks_listener(const struct sock_filter *insns, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (insns[i].code == (BPF_RET | BPF_K) &&
		    (insns[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

/* Filter number nr of a thread, from the one that was installed first. 1: there is none. */
static int read_filter(struct dump_ctx *ctx, struct task *t, pid_t tid, struct chain *c, struct err *e)
{
	struct metadata meta = { .filter_off = c->nr };
	struct sock_filter insns[BPF_MAXINSNS];
	long len = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, c->nr, insns);

	if (len < 0 && errno == ENOENT)
		return 1;
	if (len < 0 || len > BPF_MAXINSNS) {
		err_set(e, errno, "cannot read seccomp filter %zu of thread %d", c->nr, tid);
		return err_hint(e, "it takes CAP_SYS_ADMIN, and cr-dump must not be under seccomp itself");
	}
	/* Since Linux 4.16; without it no filter can be known to log. */
	if (ptrace(PTRACE_SECCOMP_GET_METADATA, tid, sizeof(meta), &meta) < 0)
		meta.flags = 0;
	if (asks_listener(insns, len))
		refuse(ctx, t, NULL, "thread %d has a seccomp filter that asks a listener (SECCOMP_RET_USER_NOTIF)",
		       tid);
	*POOL_PUSH(&ctx->pool, c->list, c->nr) =
		(struct filter){ meta.flags, len * sizeof(*insns), pool_copy(&ctx->pool, insns, len * sizeof(*insns)) };
	return 0;
}

static int read_chain(struct dump_ctx *ctx, struct task *t, pid_t tid, struct chain *c, struct err *e)
{
	int got = 0;

	while (!got)
		got = read_filter(ctx, t, tid, c, e);
	return got < 0 ? -1 : 0;
}

static bool is_same_chain(const struct chain *a, const struct chain *b)
{
	bool same = a->nr == b->nr;

	for (size_t i = 0; same && i < a->nr; i++)
		same = a->list[i].flags == b->list[i].flags && a->list[i].len == b->list[i].len &&
		       !memcmp(a->list[i].insns, b->list[i].insns, a->list[i].len);
	return same;
}

/*
 * Filters that all threads have in the same way are installed for all of them at once by a reader. The image says so in CRIU's way:
 * they have the flag, and only the first thread names them.
 */
static void save_chains(struct dump_ctx *ctx, struct task *t, const struct chain *chains)
{
	uint32_t shared = SECCOMP_FILTER_FLAG_TSYNC;

	for (unsigned int i = 1; i < t->nr_threads; i++)
		if (!is_same_chain(&chains[i], &chains[0]))
			shared = 0;
	for (unsigned int i = 0; i < t->nr_threads; i++) {
		uint32_t last = NO_FILTER;

		for (size_t j = chains[i].nr; j-- > 0;)
			last = intern(ctx, last, chains[i].list[j].flags | shared, &chains[i].list[j]);
		if (last == NO_FILTER)
			continue;
		if (i && shared)
			t->threads[i].core->thread_core->has_seccomp_mode = false;
		else
			PB_SET(t->threads[i].core->thread_core, seccomp_filter, last);
	}
}

/* The runner must make calls that the filters may forbid. The option goes with our trace, whatever becomes of us. */
static int suspend(struct tracee *tr, struct err *e)
{
	if (!tracee_set_options(tr, PTRACE_O_SUSPEND_SECCOMP, e))
		return 0;
	err_in(e, "seccomp must be suspended");
	return err_hint(e, "it takes CAP_SYS_ADMIN, and cr-dump must not be under seccomp itself");
}

static int mode_of(const char *status)
{
	static const char key[] = "\nSeccomp:";
	const char *line = strstr(status, key);

	return line ? atoi(line + strlen(key)) : SECCOMP_MODE_DISABLED;
}

static int seccomp_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	struct chain *chains = NULL;

	for (unsigned int i = 0; i < t->nr_threads; i++) {
		struct thread *th = &t->threads[i];
		char *status;
		int mode;

		if (ahead_get(ctx, t, i, AHEAD_STATUS, &status, NULL, e))
			return -1;
		mode = mode_of(status);
		if (mode == SECCOMP_MODE_DISABLED)
			continue;
		PB_SET(core_of(ctx, t, th)->thread_core, seccomp_mode, mode);
		if (suspend(&th->tr, e))
			return -1;
		if (mode != SECCOMP_MODE_FILTER)
			continue;
		if (!chains)
			chains = pool_alloc(&ctx->pool, t->nr_threads * sizeof(*chains));
		if (read_chain(ctx, t, th->tr.tid, &chains[i], e))
			return -1;
	}
	if (chains)
		save_chains(ctx, t, chains);
	return 0;
}

static int seccomp_finish(struct dump_ctx *ctx, struct err *e)
{
	const struct filters *all = filters_of(ctx);
	SeccompEntry entry;

	seccomp_entry__init(&entry);
	entry.seccomp_filters = all->list;
	entry.n_seccomp_filters = all->nr;
	return img_write_one(ctx->images_fd, IMG_SECCOMP, 0, &entry.base, e);
}

const struct dump_part dump_seccomp = {
	.name = "seccomp",
	.look = seccomp_look,
	.finish = seccomp_finish,
};
