// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fanotify groups and their marks on inodes, mounts and file systems, which fdinfo shows. Refused: events in the queue, which
 * cannot be looked at, and marks that ask for permission, since an answer that is owed cannot be seen.
 *
 * That a group was made without CAP_SYS_ADMIN, and shows less for that, cannot be told.
 */
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>

#include "cr-dump/fsnotify.h"

#ifndef FAN_OPEN_EXEC_PERM
#define FAN_OPEN_EXEC_PERM 0x00040000
#endif
#define FAN_PRE_ACCESS_ 0x00100000
#define ASKS		(FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_OPEN_EXEC_PERM | FAN_PRE_ACCESS_)

static bool fanotify_claims(const struct fd_facts *f)
{
	return !strcmp(f->link, "anon_inode:[fanotify]");
}

struct collect {
	struct dump_ctx *ctx;
	const struct open_file *of;
	FanotifyFileEntry *rec;
	bool refused;
};

static FanotifyMarkEntry *add_mark(struct collect *c, MarkType type, uint32_t mflags, uint32_t mask, uint32_t ignored)
{
	FanotifyMarkEntry *m = POOL_MSG(&c->ctx->pool, FanotifyMarkEntry, fanotify_mark_entry);

	m->type = type;
	m->mflags = mflags;
	m->mask = mask;
	m->ignored_mask = ignored;
	*POOL_PUSH(&c->ctx->pool, c->rec->mark, c->rec->n_mark) = m;
	if (mask & ASKS && !c->refused) {
		refuse_file(
			c->ctx, c->of, NULL,
			"is a fanotify group that others ask for permission (mask %#x): not supported by this version",
			mask);
		c->refused = true;
	}
	return m;
}

/* "fanotify ino:2f7 sdev:fe00000 mflags:0 mask:2 ignored_mask:0 fhandle-bytes:8 ..." */
static int inode_mark(struct collect *c, const char *val, struct err *e)
{
	uint32_t dev, mflags, mask, ignored;
	FanotifyInodeMarkEntry *ie = POOL_MSG(&c->ctx->pool, FanotifyInodeMarkEntry, fanotify_inode_mark_entry);
	FanotifyMarkEntry *m;
	int at = 0;

	if (sscanf(val, "%lx sdev:%x mflags:%x mask:%x ignored_mask:%x %n", &ie->i_ino, &dev, &mflags, &mask, &ignored,
		   &at) < 5 ||
	    !at)
		return err_set(e, 0, "fdinfo has \"fanotify ino:%s\", not a mark", val);
	if (fsnotify_handle(c->ctx, val + at, &ie->f_handle, e))
		return -1;
	m = add_mark(c, MARK_TYPE__INODE, mflags, mask, ignored);
	m->s_dev = dev;
	m->ie = ie;
	fsnotify_add(c->ctx, &(struct watched){
				     .of = c->of,
				     .ino = ie->i_ino,
				     .dev = fsnotify_dev(dev),
				     .handle = ie->f_handle,
				     .has_file_id = &ie->has_file_id,
				     .file_id = &ie->file_id,
			     });
	return 0;
}

/* On a mount ("fanotify mnt_id:1b mflags:...") or on all of a file system ("fanotify sdev:fe00000 mflags:..."). */
static int mount_mark(struct collect *c, const char *val, bool filesystem, struct err *e)
{
	FanotifyMountMarkEntry *me = POOL_MSG(&c->ctx->pool, FanotifyMountMarkEntry, fanotify_mount_mark_entry);
	uint32_t which, mflags, mask, ignored;
	const struct mount_point *mp;
	FanotifyMarkEntry *m;

	if (sscanf(val, "%x mflags:%x mask:%x ignored_mask:%x", &which, &mflags, &mask, &ignored) != 4)
		return err_set(e, 0, "fdinfo has \"fanotify ...:%s\", not a mark", val);
	if (fsnotify_mount(c->ctx, filesystem ? 0 : which, filesystem ? fsnotify_dev(which) : 0, &mp, e))
		return -1;
	if (!mp && !c->refused) {
		refuse_file(c->ctx, c->of, NULL, "is a fanotify group with a mark on a %s that is not mounted here",
			    filesystem ? "file system" : "mount");
		c->refused = true;
	}
	m = add_mark(c, MARK_TYPE__MOUNT, mflags, mask, ignored);
	m->s_dev = filesystem ? which : 0;
	m->me = me;
	me->mnt_id = mp ? mp->id : 0;
	me->path = mp ? (char *)mp->path : NULL;
	me->has_filesystem = me->filesystem = filesystem;
	return 0;
}

static int fanotify_key(void *arg, const char *key, const char *val, struct err *e)
{
	struct collect *c = arg;

	if (!strcmp(key, "fanotify flags") && sscanf(val, "%x event-flags:%x", &c->rec->faflags, &c->rec->evflags) != 2)
		return err_set(e, 0, "fdinfo has \"fanotify flags:%s\", not a group", val);
	if (!strcmp(key, "fanotify ino"))
		return inode_mark(c, val, e);
	if (!strcmp(key, "fanotify mnt_id"))
		return mount_mark(c, val, false, e);
	if (!strcmp(key, "fanotify sdev"))
		return mount_mark(c, val, true, e);
	return 0;
}

static int fanotify_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	FanotifyFileEntry *r = POOL_MSG(&ctx->pool, FanotifyFileEntry, fanotify_file_entry);
	struct collect c = { ctx, of, r, false };
	bool full;

	r->id = of->id;
	r->flags = f->flags;
	r->fown = f->fown;
	if (fsnotify_queue(ctx, of, f->fd, "a fanotify group", &full, e) || fdinfo_each(f->text, fanotify_key, &c, e))
		return -1;
	if (!full && !c.refused)
		of->entry->ffy = r;
	return 0;
}

const struct dump_kind dump_fanotify = {
	.name = "fanotify",
	.type = FD_TYPES__FANOTIFY,
	.claims = fanotify_claims,
	.save = fanotify_save,
	.looked = fsnotify_resolve,
};
