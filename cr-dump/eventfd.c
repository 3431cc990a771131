// SPDX-License-Identifier: GPL-2.0-only
/* Eventfds: counter and mode are in fdinfo. */
#include <string.h>

#include "cr-dump/files.h"

static bool eventfd_claims(const struct fd_facts *f)
{
	return !strcmp(f->link, "anon_inode:[eventfd]");
}

static int eventfd_key(void *rec, const char *key, const char *val, struct err *e)
{
	EventfdFileEntry *r = rec;
	char *end = (char *)val;

	if (!strcmp(key, "eventfd-count")) {
		r->counter = strtoull(val, &end, 16);
	} else if (!strcmp(key, "eventfd-semaphore")) {
		r->has_semaphore = true;
		r->semaphore = strtoul(val, &end, 10);
	} else {
		return 0;
	}
	if (end == val || *end)
		return err_set(e, 0, "fdinfo has \"%s: %s\", not a number", key, val);
	return 0;
}

static int eventfd_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	EventfdFileEntry *r = POOL_MSG(&ctx->pool, EventfdFileEntry, eventfd_file_entry);

	r->id = of->id;
	r->flags = f->flags;
	r->fown = f->fown;
	/* The mode is told since Linux 6.5. */
	if (fdinfo_each(f->text, eventfd_key, r, e))
		return -1;
	of->entry->efd = r;
	return 0;
}

const struct dump_kind dump_eventfd = {
	.name = "eventfd",
	.type = FD_TYPES__EVENTFD,
	.claims = eventfd_claims,
	.save = eventfd_save,
};
