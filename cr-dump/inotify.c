// SPDX-License-Identifier: GPL-2.0-only
/* Inotify instances and their watches, which fdinfo shows. Events in the queue are refused when the tree is to go on afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cr-dump/fsnotify.h"

static bool inotify_claims(const struct fd_facts *f)
{
	return !strcmp(f->link, "anon_inode:inotify") || !strcmp(f->link, "anon_inode:[inotify]");
}

struct collect {
	struct dump_ctx *ctx;
	const struct open_file *of;
	InotifyFileEntry *rec;
};

/* "inotify wd:1 ino:2f7 sdev:fe00000 mask:2 ignored_mask:0 fhandle-bytes:8 ...", of which the key is "inotify wd". */
static int inotify_key(void *arg, const char *key, const char *val, struct err *e)
{
	struct collect *c = arg;
	InotifyWdEntry *wd;
	int at = 0;

	if (strcmp(key, "inotify wd"))
		return 0;
	wd = POOL_MSG(&c->ctx->pool, InotifyWdEntry, inotify_wd_entry);
	if (sscanf(val, "%x ino:%lx sdev:%x mask:%x ignored_mask:%x %n", &wd->wd, &wd->i_ino, &wd->s_dev, &wd->mask,
		   &wd->ignored_mask, &at) < 5 ||
	    !at)
		return err_set(e, 0, "fdinfo has \"inotify wd:%s\", not a watch", val);
	if (fsnotify_handle(c->ctx, val + at, &wd->f_handle, e))
		return -1;
	*POOL_PUSH(&c->ctx->pool, c->rec->wd, c->rec->n_wd) = wd;
	fsnotify_add(c->ctx, &(struct watched){
				     .of = c->of,
				     .ino = wd->i_ino,
				     .dev = fsnotify_dev(wd->s_dev),
				     .handle = wd->f_handle,
				     .has_file_id = &wd->has_file_id,
				     .file_id = &wd->file_id,
			     });
	return 0;
}

static int by_wd(const void *a, const void *b)
{
	const InotifyWdEntry *x = *(InotifyWdEntry **)a, *y = *(InotifyWdEntry **)b;

	return x->wd < y->wd ? -1 : x->wd > y->wd;
}

static int inotify_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	InotifyFileEntry *r = POOL_MSG(&ctx->pool, InotifyFileEntry, inotify_file_entry);
	bool stays = ctx->opts->leave_running || ctx->opts->leave_stopped, refused = false;

	r->id = of->id;
	r->flags = f->flags;
	r->fown = f->fown;
	if (stays ? fsnotify_queue(ctx, of, f->fd, "an inotify instance", &refused, e) :
		    inotify_queue_note(ctx, of, f->fd, r, e))
		return -1;
	if (fdinfo_each(f->text, inotify_key, &(struct collect){ ctx, of, r }, e))
		return -1;
	if (r->n_wd)
		qsort(r->wd, r->n_wd, sizeof(*r->wd), by_wd);
	if (!refused)
		of->entry->ify = r;
	return 0;
}

const struct dump_kind dump_inotify = {
	.name = "inotify",
	.type = FD_TYPES__INOTIFY,
	.claims = inotify_claims,
	.save = inotify_save,
	.looked = fsnotify_resolve,
	.write = inotify_queues_forget,
};
