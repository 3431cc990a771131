// SPDX-License-Identifier: GPL-2.0-only
/*
 * Labels of security modules: profiles of AppArmor, contexts of SELinux with those that a thread has asked for what it makes. All of them
 * are read from outside. Other modules let nobody choose a label: there the label of cr-dump is the only one that can be had again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/security.h"
#include "cr-dump/label.h"
#include "cr-dump/task.h"

/* Our own label, as the kernel writes it. */
static const char *own_label(struct dump_ctx *ctx)
{
	char path[64], label[LABEL_MAX];

	if (!ctx->own_label) {
		snprintf(path, sizeof(path), "/proc/self/%s", security_file(ATTR_CURRENT));
		security_read(AT_FDCWD, path, label);
		ctx->own_label = pool_str(&ctx->pool, label);
	}
	return ctx->own_label;
}

bool label_is_other(struct dump_ctx *ctx, const struct thread *th)
{
	const char *label = th->core->thread_core->creds->lsm_profile;
	size_t len = label ? strlen(label) : 0;

	return label && (strncmp(own_label(ctx), label, len) || (own_label(ctx)[len] && own_label(ctx)[len] != ' '));
}

static bool read_attr(const struct task *t, const struct thread *th, enum security_attr attr, char *label)
{
	char path[64];

	snprintf(path, sizeof(path), "task/%d/%s", th->tr.tid, security_file(attr));
	return security_read(t->procfd, path, label);
}

/* "name (enforce)": the mode is the profile's. */
static void look_profile(struct dump_ctx *ctx, struct task *t, struct thread *th)
{
	char label[LABEL_MAX], *mode;

	if (!read_attr(t, th, ATTR_CURRENT, label) || !strcmp(label, "unconfined"))
		return;
	mode = strrchr(label, '(');
	if (mode > label && mode[-1] == ' ')
		mode[-1] = '\0';
	apparmor_note(ctx, label);
	core_of(ctx, t, th)->thread_core->creds->lsm_profile = pool_str(&ctx->pool, label);
	ctx->has_labels = true;
}

static void look_contexts(struct dump_ctx *ctx, struct task *t, struct thread *th)
{
	CredsEntry *c = core_of(ctx, t, th)->thread_core->creds;
	char **fields[ATTR_COUNT] = { &c->lsm_profile, &c->lsm_exec, &c->lsm_fscreate, &c->lsm_keycreate,
				      &c->lsm_sockcreate };
	char label[LABEL_MAX];

	for (enum security_attr attr = 0; attr < ATTR_COUNT; attr++)
		if (read_attr(t, th, attr, label))
			*fields[attr] = pool_str(&ctx->pool, label);
	ctx->has_labels = true;
}

static void look_other(struct dump_ctx *ctx, struct task *t, struct thread *th)
{
	char label[LABEL_MAX];

	if (read_attr(t, th, ATTR_CURRENT, label) && strcmp(label, own_label(ctx)))
		refuse(ctx, t, "run cr-dump and cr-restore under the same label",
		       "thread %d has the security label \"%s\"", th->tr.tid, label);
}

static int label_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	static void (*const looks[])(struct dump_ctx *, struct task *, struct thread *) = {
		[SECURITY_SELINUX] = look_contexts,
		[SECURITY_APPARMOR] = look_profile,
		[SECURITY_OTHER] = look_other,
	};

	for (unsigned int i = 0; security_module() && i < t->nr_threads; i++)
		looks[security_module()](ctx, t, &t->threads[i]);
	return 0;
}

const struct dump_part dump_label = {
	.name = "security labels",
	.look = label_look,
	.looked = apparmor_looked,
	.finish = apparmor_write,
};
