// SPDX-License-Identifier: GPL-2.0-only
/* Signalfds: their mask is in fdinfo. The signals themselves are pending in tasks, see signals.c. */
#include <string.h>

#include "cr-dump/files.h"

static bool signalfd_claims(const struct fd_facts *f)
{
	return !strcmp(f->link, "anon_inode:[signalfd]");
}

static int signalfd_key(void *rec, const char *key, const char *val, struct err *e)
{
	SignalfdEntry *r = rec;
	char *end;

	if (strcmp(key, "sigmask"))
		return 0;
	r->sigmask = strtoull(val, &end, 16);
	return end == val || *end ? err_set(e, 0, "fdinfo has \"sigmask: %s\", not a mask", val) : 0;
}

static int signalfd_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	SignalfdEntry *r = POOL_MSG(&ctx->pool, SignalfdEntry, signalfd_entry);

	r->id = of->id;
	r->flags = f->flags;
	r->fown = f->fown;
	if (fdinfo_each(f->text, signalfd_key, r, e))
		return -1;
	of->entry->sgfd = r;
	return 0;
}

const struct dump_kind dump_signalfd = {
	.name = "signalfd",
	.type = FD_TYPES__SIGNALFD,
	.claims = signalfd_claims,
	.save = signalfd_save,
};
