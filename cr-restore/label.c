// SPDX-License-Identifier: GPL-2.0-only
/*
 * The profile of AppArmor that a thread is confined by. Only the thread itself can change it, by a file that it gets before it loses its rights,
 * and as the last thing that it does. Labels of other security modules are not set: with the one that we have, a thread may be born.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "cr-restore/agent.h"
#include "cr-restore/state.h"
#include "creds.pb-c.h"

#define LABEL_MAX 4096
#define PROFILES  "/sys/kernel/security/apparmor/profiles"
#define TYPE	  "apparmor:" /* of --lsm-profile */

static const CredsEntry *creds_of(const struct agent_thread *th)
{
	return th->core->thread_core->creds;
}

static bool read_label(const char *path, char *buf)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, LABEL_MAX - 1);

	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return n > 0;
}

/* Is "name (mode)" this profile? */
static bool is_named(const char *line, const char *profile)
{
	size_t len = strlen(profile);

	return !strncmp(line, profile, len) && (!line[len] || !strncmp(line + len, " (", 2));
}

/* The profile that a thread is to have; NULL: that of cr-restore. */
static const char *profile_of(const struct restore_ctx *ctx, const struct agent_thread *th)
{
	const CredsEntry *c = creds_of(th);

	if (!c || !c->lsm_profile)
		return NULL;
	return ctx->opts->lsm_profile ? ctx->opts->lsm_profile + strlen(TYPE) : c->lsm_profile;
}

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

static void check_thread(struct restore_ctx *ctx, const struct agent_thread *th)
{
	const char *profile = profile_of(ctx, th);
	const CredsEntry *c = creds_of(th);
	char own[LABEL_MAX];

	if (c && (c->lsm_sockcreate || c->has_apparmor_data))
		problem(ctx, NULL, "thread %d has a security label for its sockets, or a policy of its own", th->tid);
	if (!profile)
		return;
	if (read_label("/proc/self/attr/apparmor/current", own)) {
		if (!is_named(own, profile) && !is_loaded(profile))
			problem(ctx, "load it with apparmor_parser(8)",
				"thread %d is confined by the AppArmor profile \"%s\", which is not here", th->tid,
				profile);
	} else if (!read_label("/proc/self/attr/current", own) || !is_named(own, profile)) {
		problem(ctx, "run cr-restore under the same label", "thread %d has the security label \"%s\"", th->tid,
			profile);
	}
}

static int label_check(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const char *given = ctx->opts->lsm_profile;

	if (given && strncmp(given, TYPE, strlen(TYPE)))
		return err_set(e, 0, "--lsm-profile %s: only profiles of AppArmor can be set (apparmor:NAME)", given);
	for (size_t i = 0; i < t->nr_threads; i++)
		check_thread(ctx, &t->threads[i]);
	return 0;
}

static int send_file(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct err *e)
{
	const char *profile = profile_of(ctx, th);
	char path[96], now[LABEL_MAX];

	th->label_fd = -1;
	if (!profile)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/attr/apparmor/current", t->pid, th->tid);
	if (!read_label(path, now) || is_named(now, profile))
		return 0; /* it was born with it */
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "cannot open %s", path);
	return agent_send_fds(ctx, t, &fd, 1, &th->label_fd, e);
}

static int label_before(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	for (size_t i = 0; i < t->nr_threads; i++)
		if (send_file(ctx, t, &t->threads[i], e))
			return -1;
	return 0;
}

static int label_thread(struct restore_ctx *ctx, struct rtask *t, struct agent_thread *th, struct prog *p,
			struct err *e)
{
	char text[LABEL_MAX + 16];
	int n;

	if (th->label_fd < 0)
		return 0;
	n = snprintf(text, sizeof(text), "changeprofile %s", profile_of(ctx, th));
	PROG(p, SYS_write, th->label_fd, prog_str(p, text), n);
	prog_exact(p, n);
	PROG(p, SYS_close, th->label_fd);
	return 0;
}

const struct restore_state restore_label = {
	.name = "label",
	.check = label_check,
	.before = label_before,
	.thread = label_thread,
};
