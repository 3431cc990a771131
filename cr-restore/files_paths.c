// SPDX-License-Identifier: GPL-2.0-only
/* --remap-path OLD=NEW: a tree is restored where its files lie elsewhere. Changes what the images have, before anything looks at it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cr-restore/files.h"

struct change {
	const char *old, *new;
	size_t old_len, new_len;
};

/* Trailing slashes mean nothing: "/a/=/b" is "/a=/b"; the root directory is the empty prefix. */
static size_t trimmed(const char *path, size_t len)
{
	while (len && path[len - 1] == '/')
		len--;
	return len;
}

static int parse(const char *arg, struct change *c, struct err *e)
{
	const char *sign = strchr(arg, '=');

	if (*arg != '/' || !sign || sign[1] != '/') {
		err_set(e, 0, "--remap-path wants OLD=NEW, two absolute paths, not \"%s\"", arg);
		return -1;
	}
	*c = (struct change){ .old = arg, .new = sign + 1 };
	c->old_len = trimmed(arg, sign - arg);
	c->new_len = trimmed(c->new, strlen(c->new));
	return 0;
}

/* A prefix of whole components; the longest one wins. */
static const struct change *find(const struct change *list, size_t nr, const char *path, size_t len)
{
	const struct change *best = NULL;

	for (size_t i = 0; i < nr; i++) {
		const struct change *c = &list[i];

		if (len < c->old_len || strncmp(path, c->old, c->old_len))
			continue;
		if (len > c->old_len && path[c->old_len] != '/')
			continue;
		if (!best || c->old_len > best->old_len)
			best = c;
	}
	return best;
}

/* The changed path, from malloc(3), or NULL when nothing changes it. */
static char *changed(const struct change *list, size_t nr, const char *path, size_t len)
{
	const struct change *c = *path == '/' ? find(list, nr, path, len) : NULL;
	size_t rest;
	char *ret;

	if (!c)
		return NULL;
	rest = len == 1 ? 0 : len - c->old_len;
	ret = calloc(1, c->new_len + rest + 2);
	if (!ret)
		abort(); /* as the pool does */
	memcpy(ret, c->new, c->new_len);
	memcpy(ret + c->new_len, path + len - rest, rest);
	if (!*ret)
		*ret = '/';
	return ret;
}

static void change_text(const struct change *list, size_t nr, char **path)
{
	char *now = *path ? changed(list, nr, *path, strlen(*path)) : NULL;

	if (!now)
		return;
	log_debug("%s is to be found at %s", *path, now);
	free(*path);
	*path = now;
}

/* The address that a unix socket is bound to; an abstract one begins with a zero. */
static void change_address(const struct change *list, size_t nr, ProtobufCBinaryData *name)
{
	size_t len = name->data ? strnlen((char *)name->data, name->len) : 0;
	char *now = len ? changed(list, nr, (char *)name->data, len) : NULL;

	if (!now)
		return;
	free(name->data);
	name->data = (uint8_t *)now;
	name->len = strlen(now);
}

int files_change_paths(struct restore_ctx *ctx, struct err *e)
{
	const struct opt_list *opt = &ctx->opts->remap_path;
	struct change *list = pool_alloc(&ctx->pool, (opt->nr + 1) * sizeof(*list));
	struct files *fs = ctx->files;

	for (size_t i = 0; i < opt->nr; i++)
		if (parse(opt->items[i], &list[i], e))
			return -1;
	for (size_t i = 0; opt->nr && i < fs->nr; i++) {
		FileEntry *f = fs->list[i].entry;

		if (f->reg)
			change_text(list, opt->nr, &f->reg->name);
		if (f->usk) {
			change_address(list, opt->nr, &f->usk->name);
			change_text(list, opt->nr, &f->usk->name_dir);
			change_text(list, opt->nr, &f->usk->root);
			change_text(list, opt->nr, &f->usk->moved_to);
		}
	}
	return 0;
}
