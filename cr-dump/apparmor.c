// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy namespaces of AppArmor that threads of the tree are confined in: all their profiles, in the form in which they were loaded, which
 * the kernel keeps for each load (raw_data) unless it was told not to.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apparmor.pb-c.h"
#include "base/security.h"
#include "cr-dump/label.h"

#define BLOCK 4096

/* What one write has loaded: some profiles, in one binary. */
struct load {
	long number; /* in the order of loading */
	AaPolicy *policy;
};

struct loads {
	struct load *list;
	size_t nr;
};

static AaNamespace *find(const ApparmorEntry *a, const char *name, size_t len)
{
	for (size_t i = 0; i < a->n_namespaces; i++)
		if (!strncmp(a->namespaces[i]->name, name, len) && !a->namespaces[i]->name[len])
			return a->namespaces[i];
	return NULL;
}

/* Of ":outer//inner:profile" the outer one; what is in it comes along. */
static void note_namespace(struct dump_ctx *ctx, const char *name)
{
	size_t len = strcspn(name, ":/");
	AaNamespace *ns;

	if (!ctx->apparmor)
		ctx->apparmor = POOL_MSG(&ctx->pool, ApparmorEntry, apparmor_entry);
	if (find(ctx->apparmor, name, len))
		return;
	ns = POOL_MSG(&ctx->pool, AaNamespace, aa_namespace);
	ns->name = pool_printf(&ctx->pool, "%.*s", (int)len, name);
	*POOL_PUSH(&ctx->pool, ctx->apparmor->namespaces, ctx->apparmor->n_namespaces) = ns;
}

void apparmor_note(struct dump_ctx *ctx, const char *label)
{
	for (const char *l = label; l; l = strstr(l, "//&") ? strstr(l, "//&") + 3 : NULL)
		if (*l == ':')
			note_namespace(ctx, l + 1);
}

/* --- reading ------------------------------------------------------------------------------------------------ */

static int read_whole(struct dump_ctx *ctx, int dirfd, const char *path, ProtobufCBinaryData *ret, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	size_t room = 0;
	ssize_t n;

	ret->len = 0;
	do {
		if (ret->len == room) {
			uint8_t *more = pool_alloc(&ctx->pool, room * 2 + BLOCK);

			if (room)
				memcpy(more, ret->data, room);
			ret->data = more;
			room = room * 2 + BLOCK;
		}
		n = fd < 0 ? -1 : read(fd, ret->data + ret->len, room - ret->len);
		ret->len += n > 0 ? n : 0;
	} while (n > 0);
	return n < 0 ? err_set(e, errno, "cannot read %s", path) : 0;
}

static struct load *find_load(const struct loads *loads, long number)
{
	for (size_t i = 0; i < loads->nr; i++)
		if (loads->list[i].number == number)
			return &loads->list[i];
	return NULL;
}

/* The link raw_data leads to raw_data/NUMBER/raw_data of the namespace. -1: there is none. */
static long load_number(int profile)
{
	char link[256] = "", *number;

	if (readlinkat(profile, "raw_data", link, sizeof(link) - 1) < 0)
		return -1;
	number = strstr(link, "raw_data/");
	return number ? strtol(number + strlen("raw_data/"), NULL, 10) : -1;
}

static int add_profile(struct dump_ctx *ctx, const AaNamespace *ns, int profile, struct loads *loads, struct err *e)
{
	ProtobufCBinaryData name;
	long number = load_number(profile);
	AaPolicy *p;

	if (number >= 0 && find_load(loads, number))
		return 0;
	if (read_whole(ctx, profile, "name", &name, e))
		return -1;
	p = POOL_MSG(&ctx->pool, AaPolicy, aa_policy);
	p->name = pool_printf(&ctx->pool, "%.*s", (int)strcspn((char *)name.data, "\n"), (char *)name.data);
	if (strstr(p->name, "null-"))
		return 0; /* of the kernel's own, while it learns */
	if (number < 0) {
		refuse(ctx, NULL, "the kernel keeps it unless it was told not to (apparmor.export_binary)",
		       "profile \"%s\" of AppArmor's namespace \"%s\" cannot be read back", p->name, ns->name);
		return 0;
	}
	if (read_whole(ctx, profile, "raw_data", &p->blob, e))
		return -1;
	*POOL_PUSH(&ctx->pool, loads->list, loads->nr) = (struct load){ number, p };
	return 0;
}

/* Calls fn with a descriptor of each directory in dirfd/name. */
static int each_dir(struct dump_ctx *ctx, int dirfd, const char *name,
		    int (*fn)(struct dump_ctx *ctx, int fd, const char *name, void *arg, struct err *e), void *arg,
		    struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir)
		return fd < 0 && errno == ENOENT ? 0 : err_set(e, errno, "cannot list %s", name);
	while (!ret && (d = readdir(dir))) {
		_cleanup_close_ int sub =
			d->d_name[0] == '.' ? -1 : openat(fd, d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (sub >= 0)
			ret = fn(ctx, sub, d->d_name, arg, e);
	}
	closedir(dir);
	return ret;
}

struct place {
	AaNamespace *ns;
	struct loads loads;
};

/* Hats and other children are profiles in a profile. */
static int look_profile(struct dump_ctx *ctx, int fd, const char *name, void *arg, struct err *e)
{
	struct place *p = arg;

	if (add_profile(ctx, p->ns, fd, &p->loads, e))
		return err_in(e, "profile %s", name);
	return each_dir(ctx, fd, "profiles", look_profile, p, e);
}

static int by_number(const void *a, const void *b)
{
	const struct load *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int look_namespace(struct dump_ctx *ctx, int fd, AaNamespace *ns, struct err *e);

static int look_inner(struct dump_ctx *ctx, int fd, const char *name, void *arg, struct err *e)
{
	AaNamespace *outer = arg, *ns = POOL_MSG(&ctx->pool, AaNamespace, aa_namespace);

	ns->name = pool_str(&ctx->pool, name);
	*POOL_PUSH(&ctx->pool, outer->namespaces, outer->n_namespaces) = ns;
	return look_namespace(ctx, fd, ns, e);
}

static int look_namespace(struct dump_ctx *ctx, int fd, AaNamespace *ns, struct err *e)
{
	struct place p = { .ns = ns };

	if (each_dir(ctx, fd, "profiles", look_profile, &p, e))
		return -1;
	if (p.loads.nr)
		qsort(p.loads.list, p.loads.nr, sizeof(*p.loads.list), by_number);
	for (size_t i = 0; i < p.loads.nr; i++)
		*POOL_PUSH(&ctx->pool, ns->policies, ns->n_policies) = p.loads.list[i].policy;
	return each_dir(ctx, fd, "namespaces", look_inner, ns, e);
}

int apparmor_looked(struct dump_ctx *ctx, struct err *e)
{
	for (size_t i = 0; ctx->apparmor && i < ctx->apparmor->n_namespaces; i++) {
		AaNamespace *ns = ctx->apparmor->namespaces[i];
		const char *path = pool_printf(&ctx->pool, "%s/%s", APPARMOR_NAMESPACES, ns->name);
		_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			refuse(ctx, NULL, NULL,
			       "AppArmor's namespace \"%s\", which confines a thread, cannot be seen: %s", ns->name,
			       strerror(errno));
		else if (look_namespace(ctx, fd, ns, e))
			return err_in(e, "%s", path);
	}
	return 0;
}

int apparmor_write(struct dump_ctx *ctx, struct err *e)
{
	return ctx->apparmor ? img_write_one(ctx->images_fd, IMG_APPARMOR, 0, &ctx->apparmor->base, e) : 0;
}
