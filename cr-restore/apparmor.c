// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy namespaces of AppArmor: one that threads are to be confined in, and that is not here, is made, with all its profiles. One that
 * is here belongs to somebody, and is used as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "apparmor.pb-c.h"
#include "base/security.h"
#include "cr-restore/label.h"
#include "cr-restore/names.h"

#define APPARMOR "/sys/kernel/security/apparmor"
#define REPLACE	 ".replace"
#define PATH	 1024

/* --- plan --------------------------------------------------------------------------------------------------- */

static const ApparmorEntry *policy_of(struct restore_ctx *ctx)
{
	struct err ignored = { 0 };
	ProtobufCMessage *msg;

	if (!ctx->apparmor && !img_read_one(ctx->images_fd, IMG_APPARMOR, 0, &msg, &ignored))
		ctx->apparmor = (ApparmorEntry *)msg;
	return ctx->apparmor;
}

/* NULL: it is here, or the images do not have it. */
static AaNamespace *missing(struct restore_ctx *ctx, const char *name, size_t len)
{
	const ApparmorEntry *a = policy_of(ctx);
	char path[PATH];

	if (snprintf(path, sizeof(path), "%s/%.*s", APPARMOR_NAMESPACES, (int)len, name) >= (int)sizeof(path) ||
	    !access(path, F_OK))
		return NULL;
	for (size_t i = 0; a && i < a->n_namespaces; i++)
		if (!strncmp(a->namespaces[i]->name, name, len) && !a->namespaces[i]->name[len])
			return a->namespaces[i];
	return NULL;
}

/* A name of a directory, no path. */
static bool is_sane(const AaNamespace *ns)
{
	for (size_t i = 0; i < ns->n_namespaces; i++)
		if (!is_sane(ns->namespaces[i]))
			return false;
	return ns->name[0] && ns->name[0] != '.' && !strchr(ns->name, '/') && strlen(ns->name) < PATH / 8;
}

bool apparmor_brings(struct restore_ctx *ctx, const char *profile)
{
	AaNamespace *ns = *profile == ':' ? missing(ctx, profile + 1, strcspn(profile + 1, ":/")) : NULL;

	if (!ns || !is_sane(ns))
		return false;
	for (size_t i = 0; i < ctx->nr_apparmor_made; i++)
		if (ctx->apparmor_made[i] == ns)
			return true;
	*POOL_PUSH(&ctx->pool, ctx->apparmor_made, ctx->nr_apparmor_made) = ns;
	return true;
}

/* --- making ------------------------------------------------------------------------------------------------- */

/* A name in the format of the kernel's policy: a byte, its length with the zero at its end, itself. */
static bool skip_name(const ProtobufCBinaryData *b, size_t *at, uint8_t sort, const char *name)
{
	size_t len = strlen(name) + 1;

	if (*at + 3 + len > b->len || b->data[*at] != sort || b->data[*at + 1] != len || b->data[*at + 2] ||
	    memcmp(b->data + *at + 3, name, len))
		return false;
	*at += 3 + len;
	return true;
}

/* Profiles that were loaded from outside of their namespace name it, relative to the one where they were loaded. */
static bool names_its_namespace(const ProtobufCBinaryData *b)
{
	size_t at = 0;

	if (!skip_name(b, &at, 4, "version"))
		return false;
	at += 5; /* a number */
	return skip_name(b, &at, 4, "namespace");
}

static int load(const char *dir, const AaPolicy *p, struct err *e)
{
	char path[PATH];
	_cleanup_close_ int fd = -1;

	if (snprintf(path, sizeof(path), "%s/" REPLACE, dir) >= (int)sizeof(path))
		return err_set(e, ENAMETOOLONG, "%s", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, p->blob.data, p->blob.len) != (ssize_t)p->blob.len)
		return err_set(e, errno, "cannot load AppArmor's profile \"%s\" (%s)", p->name, path);
	return 0;
}

static int make_namespace(struct restore_ctx *ctx, const char *outer, const AaNamespace *ns, struct err *e)
{
	char dir[PATH];

	if (snprintf(dir, sizeof(dir), "%s/namespaces/%s", outer, ns->name) >= (int)sizeof(dir))
		return err_set(e, ENAMETOOLONG, "%s", outer);
	if (names_new(ctx->made, dir, e))
		return -1;
	if (mkdir(dir, 0755))
		return err_set(e, errno, "cannot make AppArmor's namespace %s", dir);
	for (size_t i = 0; i < ns->n_policies; i++) {
		bool named = names_its_namespace(&ns->policies[i]->blob);

		/* The outermost has its files above the directory of its policy. */
		if (load(!named ? dir : strcmp(outer, APPARMOR "/policy") ? outer : APPARMOR, ns->policies[i], e))
			return -1;
	}
	for (size_t i = 0; i < ns->n_namespaces; i++)
		if (make_namespace(ctx, dir, ns->namespaces[i], e))
			return -1;
	return 0;
}

int apparmor_make(struct restore_ctx *ctx, struct err *e)
{
	for (; ctx->nr_apparmor_made; ctx->nr_apparmor_made--)
		if (make_namespace(ctx, APPARMOR "/policy", ctx->apparmor_made[ctx->nr_apparmor_made - 1], e))
			return -1;
	return 0;
}
