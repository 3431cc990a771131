// SPDX-License-Identifier: GPL-2.0-only
/*
 * The label of a security module that a thread has, and those that it has asked for what it makes. Only the thread itself can change them, by
 * files that it gets before it loses its rights, and as the last thing that it does. Labels of modules other than AppArmor and SELinux are
 * not set: with the one that we have, a thread may be born.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/security.h"
#include "cr-restore/agent.h"
#include "cr-restore/label.h"
#include "cr-restore/state.h"
#include "creds.pb-c.h"

#define PROFILES "/sys/kernel/security/apparmor/profiles"
#define CONTEXT	 "/sys/fs/selinux/context"

/* --- what a thread is to have ------------------------------------------------------------------------------- */

static const char *const modules[] = { [SECURITY_SELINUX] = "selinux:", [SECURITY_APPARMOR] = "apparmor:" };

const char *label_given(const struct opts *o)
{
	return o->lsm_profile ? strchr(o->lsm_profile, ':') + 1 : NULL;
}

/* NULL: what a newborn thread has. */
static const char *label_of(const struct restore_ctx *ctx, const struct agent_thread *th, enum security_attr attr)
{
	const CredsEntry *c = th->core->thread_core->creds;

	if (!c)
		return NULL;
	switch (attr) {
	case ATTR_CURRENT:
		return c->lsm_profile && ctx->opts->lsm_profile ? label_given(ctx->opts) : c->lsm_profile;
	case ATTR_EXEC:
		return c->lsm_exec;
	case ATTR_FSCREATE:
		return c->lsm_fscreate;
	case ATTR_KEYCREATE:
		return c->lsm_keycreate;
	case ATTR_SOCKCREATE:
		return c->lsm_sockcreate;
	case ATTR_COUNT:
		break;
	}
	return NULL;
}

/* Is "name (mode)" this profile? Contexts have no mode. */
static bool is_named(const char *line, const char *label)
{
	size_t len = strlen(label);

	return !strncmp(line, label, len) && (!line[len] || !strncmp(line + len, " (", 2));
}

/* --- plan --------------------------------------------------------------------------------------------------- */

/* Who may not look into the list is told by the kernel. */
static bool is_loaded(const char *profile)
{
	_cleanup_fclose_ FILE *f = fopen(PROFILES, "re");
	char line[LABEL_MAX];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (is_named(line, profile))
			return true;
	}
	return !f;
}

/* ":name:profile" is one of a policy namespace. */
static bool is_profile_here(struct restore_ctx *ctx, const char *profile)
{
	const char *name = *profile == ':' ? strchr(profile + 1, ':') : NULL;
	char path[LABEL_MAX];

	if (!strcmp(profile, "unconfined") || apparmor_brings(ctx, profile) || is_loaded(profile))
		return true;
	snprintf(path, sizeof(path), APPARMOR_NAMESPACES "/%.*s", (int)strcspn(profile + 1, ":/"), profile + 1);
	return name && !strcmp(name, ":unconfined") && !access(path, F_OK);
}

/* Those that are stacked come one after the other; one without a namespace is in that of the one before. People write ":name://profile". */
static void check_profiles(struct restore_ctx *ctx, const struct agent_thread *th, const char *label)
{
	char profile[2 * LABEL_MAX];
	int space = 0; /* length of ":name:" in it */

	for (const char *end, *l = label; l; l = end ? end + 3 : NULL) {
		const char *colon = *l == ':' ? strchr(l + 1, ':') : NULL;

		end = strstr(l, "//&");
		if (colon) {
			space = colon - l + 1;
			memcpy(profile, l, space);
			l += space;
			l += strncmp(l, "//", 2) ? 0 : 2;
		}
		snprintf(profile + space, sizeof(profile) - space, "%.*s", (int)(end ? end - l : (long)strlen(l)), l);
		if (!is_profile_here(ctx, profile))
			problem(ctx, "load it with apparmor_parser(8)",
				"thread %d is confined by the AppArmor profile \"%s\", which is not here", th->tid,
				profile);
	}
}

/* Most are the same: the last one is remembered. */
static bool is_context(const char *label)
{
	static char known[LABEL_MAX];
	_cleanup_close_ int fd = -1;

	if (!strcmp(label, known))
		return true;
	fd = open(CONTEXT, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && write(fd, label, strlen(label)) < 0 && errno == EINVAL)
		return false;
	snprintf(known, sizeof(known), "%s", label);
	return true;
}

void label_check_file(struct restore_ctx *ctx, uint32_t id, const char *label)
{
	if (security_module() != SECURITY_SELINUX)
		problem(ctx, NULL, "file %u has the SELinux label \"%s\", and SELinux is not at work here", id, label);
	else if (!is_context(label))
		problem(ctx, "load the policy that has it", "file %u has the SELinux label \"%s\", which is none here",
			id, label);
}

static void check_label(struct restore_ctx *ctx, const struct agent_thread *th, const char *label)
{
	char path[64], own[LABEL_MAX] = "";

	if (security_module()) {
		snprintf(path, sizeof(path), "/proc/self/%s", security_file(ATTR_CURRENT));
		security_read(AT_FDCWD, path, own);
	}
	if (is_named(own, label))
		return;
	if (security_module() == SECURITY_APPARMOR) {
		check_profiles(ctx, th, label);
	} else if (security_module() == SECURITY_SELINUX) {
		if (!is_context(label))
			problem(ctx, "load the policy that has it, or give another with --lsm-profile selinux:LABEL",
				"thread %d has the SELinux label \"%s\", which is none here", th->tid, label);
	} else {
		problem(ctx, "run cr-restore under the same label", "thread %d has the security label \"%s\"", th->tid,
			label);
	}
}

static void check_thread(struct restore_ctx *ctx, const struct agent_thread *th)
{
	const CredsEntry *c = th->core->thread_core->creds;

	if (c && c->has_apparmor_data)
		problem(ctx, NULL, "thread %d has an AppArmor policy of its own", th->tid);
	for (enum security_attr attr = 0; attr < ATTR_COUNT; attr++) {
		const char *label = label_of(ctx, th, attr);

		if (label && attr != ATTR_CURRENT && security_module() != SECURITY_SELINUX)
			problem(ctx, NULL, "thread %d has labels of SELinux for what it makes", th->tid);
		else if (label)
			check_label(ctx, th, label);
	}
}

static int check_given(const char *given, struct err *e)
{
	const char *prefix = security_module() < ARRAY_SIZE(modules) ? modules[security_module()] : NULL;

	if (!given || (prefix && !strncmp(given, prefix, strlen(prefix))))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		if (modules[i] && !strncmp(given, modules[i], strlen(modules[i])))
			return err_set(e, 0, "--lsm-profile %s: that security module is not at work here", given);
	return err_set(e, 0, "--lsm-profile %s: apparmor:NAME or selinux:LABEL is expected", given);
}

static int label_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	if (check_given(ctx->opts->lsm_profile, e))
		return -1;
	for (size_t i = 0; i < t->nr_threads; i++)
		check_thread(ctx, &t->threads[i]);
	return 0;
}

/* --- making ------------------------------------------------------------------------------------------------- */

/* -1: the thread has it already. Else its file, for the thread to write to. */
static int open_attr(const struct rtask *t, const struct agent_thread *th, enum security_attr attr, const char *label,
		     int *fd_ret, struct err *e)
{
	char path[96], now[LABEL_MAX];

	*fd_ret = -1;
	if (!label || !security_file(attr))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", t->pid, th->tid, security_file(attr));
	if (attr == ATTR_CURRENT && (!security_read(AT_FDCWD, path, now) || is_named(now, label)))
		return 0;
	*fd_ret = open(path, O_WRONLY | O_CLOEXEC);
	return *fd_ret < 0 ? err_set(e, errno, "cannot open %s", path) : 0;
}

static int send_attr(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, enum security_attr attr,
		     struct err *e)
{
	_cleanup_close_ int fd = -1;

	th->label_fds[attr] = -1;
	if (open_attr(t, th, attr, label_of(ctx, th, attr), &fd, e))
		return -1;
	return fd < 0 ? 0 : agent_send_fds(ctx, t, &fd, 1, &th->label_fds[attr], e);
}

static void add_write(const struct restore_ctx *ctx, struct agent_thread *th, enum security_attr attr, struct prog *p)
{
	char text[LABEL_MAX + 16];
	int n;

	if (th->label_fds[attr] < 0)
		return;
	n = snprintf(text, sizeof(text), "%s%s", security_module() == SECURITY_APPARMOR ? "changeprofile " : "",
		     label_of(ctx, th, attr));
	PROG(p, SYS_write, th->label_fds[attr], prog_str(p, text), n);
	prog_exact(p, n);
	PROG(p, SYS_close, th->label_fds[attr]);
}

int label_early(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct prog p;

	if (t->nr_threads < 2 || security_module() != SECURITY_SELINUX)
		return 0;
	if (send_attr(ctx, t, &t->threads[0], ATTR_CURRENT, e))
		return -1;
	agent_begin(t, &p);
	add_write(ctx, &t->threads[0], ATTR_CURRENT, &p);
	return agent_run(ctx, t, &p, e);
}

static int label_before(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	if (apparmor_make(ctx, e))
		return -1;
	for (size_t i = 0; i < t->nr_threads; i++)
		for (enum security_attr attr = 0; attr < ATTR_COUNT; attr++)
			if (send_attr(ctx, t, &t->threads[i], attr, e))
				return -1;
	return 0;
}

/* Its own one last: with that it may have no right to choose the others. */
static int label_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p,
			struct err *e)
{
	for (enum security_attr attr = ATTR_COUNT; attr-- > 0;)
		add_write(ctx, th, attr, p);
	return 0;
}

const struct restore_state restore_label = {
	.name = "label",
	.check = label_check,
	.before = label_before,
	.thread = label_thread,
};
