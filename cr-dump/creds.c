// SPDX-License-Identifier: GPL-2.0-only
/* Credentials, which every thread has for itself: from /proc/PID/task/TID/status; securebits are asked inside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cr-dump/ahead.h"
#include "cr-dump/task.h"

/* The value of "key: value". *at moves on, so keys are looked for in the order in which the kernel writes them. */
static const char *value_of(const char **at, const char *key)
{
	const char *hit = strstr(*at, key);

	if (!hit)
		return "";
	*at = hit + strlen(key);
	return *at;
}

static void four_ids(const char *text, uint32_t *real, uint32_t *effective, uint32_t *saved, uint32_t *fs)
{
	sscanf(text, "%u %u %u %u", real, effective, saved, fs);
}

static void groups(struct pool *pool, CredsEntry *c, const char *text)
{
	const char *end = strchr(text, '\n');

	while (end) {
		char *next;
		uint32_t gid = strtoul(text, &next, 10);

		if (next == text || next > end)
			break;
		*POOL_PUSH(pool, c->groups, c->n_groups) = gid;
		text = next;
	}
}

/* A capability set as two words, the low one first. */
static uint32_t *caps(struct pool *pool, const char *text, size_t *n_ret)
{
	uint64_t set = strtoull(text, NULL, 16);
	uint32_t words[2] = { set, set >> 32 };

	*n_ret = ARRAY_SIZE(words);
	return pool_copy(pool, words, sizeof(words));
}

void creds_parse(struct dump_ctx *ctx, struct task *t, struct thread *th, const char *at)
{
	CredsEntry *c = POOL_MSG(&ctx->pool, CredsEntry, creds_entry);
	struct pool *pool = &ctx->pool;

	four_ids(value_of(&at, "\nUid:"), &c->uid, &c->euid, &c->suid, &c->fsuid);
	four_ids(value_of(&at, "\nGid:"), &c->gid, &c->egid, &c->sgid, &c->fsgid);
	groups(pool, c, value_of(&at, "\nGroups:"));
	c->cap_inh = caps(pool, value_of(&at, "\nCapInh:"), &c->n_cap_inh);
	c->cap_prm = caps(pool, value_of(&at, "\nCapPrm:"), &c->n_cap_prm);
	c->cap_eff = caps(pool, value_of(&at, "\nCapEff:"), &c->n_cap_eff);
	c->cap_bnd = caps(pool, value_of(&at, "\nCapBnd:"), &c->n_cap_bnd);
	c->cap_amb = caps(pool, value_of(&at, "\nCapAmb:"), &c->n_cap_amb);
	if (atoi(value_of(&at, "\nNoNewPrivs:")))
		PB_SET(c, no_new_privs, 1);
	core_of(ctx, t, th)->thread_core->creds = c;
}

static int creds_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	for (unsigned int i = 0; i < t->nr_threads; i++) {
		char *status;

		if (ahead_get(ctx, t, i, AHEAD_STATUS, &status, NULL, e))
			return -1;
		creds_parse(ctx, t, &t->threads[i], status);
	}
	return 0;
}

static void creds_ask_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, struct prog *p)
{
	PROG(p, SYS_prctl, PR_GET_SECUREBITS);
}

static int creds_save_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e)
{
	th->core->thread_core->creds->secbits = prog_result(&th->prog, at);
	return 0;
}

const struct dump_part dump_creds = {
	.name = "credentials",
	.look = creds_look,
	.ask_thread = creds_ask_thread,
	.save_thread = creds_save_thread,
};
