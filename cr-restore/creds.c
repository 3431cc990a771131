// SPDX-License-Identifier: GPL-2.0-only
/*
 * Credentials, per thread: ids, groups, capabilities, securebits, no_new_privs, and the parent-death signal, which a change of ids
 * clears. Whatever needs a capability comes before the capset that may drop it.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cr-restore/state.h"
#include "creds.pb-c.h"

#define ALL_CAPS 64

/* The kernel's own words of secbits while ids change, so that no capability is lost on the way. */
#define KEEP (SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS)

static uint64_t cap_word(const uint32_t *v, size_t n)
{
	return (n > 0 ? v[0] : 0) | (n > 1 ? (uint64_t)v[1] << 32 : 0);
}

/* What the director itself is: asked once. */
struct own_creds {
	uint64_t known, bounding, effective; /* capabilities: of this kernel, and ours */
	bool plain_root;		     /* all ids 0, no groups, no securebits: what most trees of root are */
	uint64_t permitted, inheritable;
};

static void ask_caps(struct own_creds *own)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	for (int cap = 0; cap < ALL_CAPS; cap++) {
		int has = prctl(PR_CAPBSET_READ, cap);

		if (has < 0)
			break;
		own->known |= 1ULL << cap;
		own->bounding |= (uint64_t)has << cap;
	}
	if (syscall(SYS_capget, &head, data))
		return;
	own->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	own->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	own->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
}

static const struct own_creds *own_creds(struct restore_ctx *ctx)
{
	struct own_creds *own = ctx->own_creds;
	uid_t u[3];
	gid_t g[3];

	if (own)
		return own;
	own = ctx->own_creds = pool_alloc(&ctx->pool, sizeof(*own));
	ask_caps(own);
	if (!getresuid(&u[0], &u[1], &u[2]) && !getresgid(&g[0], &g[1], &g[2]))
		own->plain_root = !(u[0] | u[1] | u[2] | g[0] | g[1] | g[2]) && !getgroups(0, NULL) &&
				  !prctl(PR_GET_SECUREBITS) && !setfsuid(-1) && !setfsgid(-1);
	return own;
}

static int creds_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const struct own_creds *own = own_creds(ctx);

	for (size_t i = 0; i < t->nr_threads; i++) {
		const CredsEntry *c = t->threads[i].core->thread_core->creds;
		uint64_t lacking =
			c ? cap_word(c->cap_prm, c->n_cap_prm) & own->known & ~(own->effective | own->bounding) : 0;

		if (lacking)
			problem(ctx, "start cr-restore with at least the capabilities of the tree",
				"thread %d has capabilities that cr-restore has not: %#lx", t->threads[i].tid, lacking);
	}
	return 0;
}

/* Nothing to do for a task of root that is restored by the same root. */
static bool is_as_ours(const CredsEntry *c, const struct own_creds *own)
{
	return own->plain_root && !(c->uid | c->gid | c->euid | c->egid | c->suid | c->sgid | c->fsuid | c->fsgid) &&
	       !c->n_groups && !c->secbits && (cap_word(c->cap_eff, c->n_cap_eff) & own->known) == own->effective &&
	       (cap_word(c->cap_prm, c->n_cap_prm) & own->known) == own->permitted &&
	       (cap_word(c->cap_inh, c->n_cap_inh) & own->known) == own->inheritable &&
	       (cap_word(c->cap_bnd, c->n_cap_bnd) & own->known) == own->bounding &&
	       !cap_word(c->cap_amb, c->n_cap_amb);
}

bool creds_are_ours(struct restore_ctx *ctx, const struct rtask *t)
{
	for (size_t i = 0; i < t->nr_threads; i++) {
		const CredsEntry *c = t->threads[i].core->thread_core->creds;

		if (c && !is_as_ours(c, own_creds(ctx)))
			return false;
	}
	return true;
}

static void put_capset(struct prog *p, uint64_t eff, uint64_t prm, uint64_t inh)
{
	const struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	const struct __user_cap_data_struct data[2] = {
		{ eff, prm, inh },
		{ eff >> 32, prm >> 32, inh >> 32 },
	};

	PROG(p, SYS_capset, prog_bytes(p, &head, sizeof(head)), prog_bytes(p, data, sizeof(data)));
}

static void put_ids(struct prog *p, const CredsEntry *c)
{
	PROG(p, SYS_setgroups, c->n_groups,
	     c->n_groups ? prog_bytes(p, c->groups, c->n_groups * sizeof(*c->groups)) : 0);
	PROG(p, SYS_setresgid, c->gid, c->egid, c->sgid);
	PROG(p, SYS_setfsgid, c->fsgid);
	PROG(p, SYS_setresuid, c->uid, c->euid, c->suid);
	PROG(p, SYS_setfsuid, c->fsuid);
}

static void put_ambient(struct prog *p, uint64_t ambient)
{
	PROG(p, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; cap < ALL_CAPS; cap++)
		if (ambient & 1ULL << cap)
			PROG(p, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
}

static void put_creds(struct prog *p, const CredsEntry *c, const struct own_creds *own)
{
	uint64_t known = own->known;
	uint64_t eff = cap_word(c->cap_eff, c->n_cap_eff) & known, prm = cap_word(c->cap_prm, c->n_cap_prm) & known;
	uint64_t inh = cap_word(c->cap_inh, c->n_cap_inh) & known, amb = cap_word(c->cap_amb, c->n_cap_amb) & known;
	uint64_t keep = cap_word(c->cap_bnd, c->n_cap_bnd);

	PROG(p, SYS_prctl, PR_SET_SECUREBITS, KEEP);
	put_ids(p, c);
	put_capset(p, own->effective, own->effective, inh);
	put_ambient(p, amb);
	for (int cap = 0; cap < ALL_CAPS; cap++)
		if (own->bounding & ~keep & 1ULL << cap)
			PROG(p, SYS_prctl, PR_CAPBSET_DROP, cap);
	PROG(p, SYS_prctl, PR_SET_SECUREBITS, c->secbits);
	put_capset(p, eff, prm, inh);
}

static int creds_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p,
			struct err *e)
{
	const ThreadCoreEntry *core = th->core->thread_core;

	if (core->creds) {
		if (!is_as_ours(core->creds, own_creds(ctx)))
			put_creds(p, core->creds, own_creds(ctx));
		if (core->creds->has_no_new_privs && core->creds->no_new_privs)
			PROG(p, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
	}
	PROG(p, SYS_prctl, PR_SET_PDEATHSIG, core->has_pdeath_sig ? core->pdeath_sig : 0);
	return 0;
}

const struct restore_state restore_creds = {
	.name = "creds",
	.check = creds_check,
	.thread = creds_thread,
};
