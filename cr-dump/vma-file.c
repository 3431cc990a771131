// SPDX-License-Identifier: GPL-2.0-only
/* The files behind mappings, each opened once however often and by however many tasks it is mapped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr-dump/vma.h"

static const struct mapped_file *find(const struct shmems *s, const struct vma *v, uint32_t access)
{
	/* Mappings of one file lie side by side, so the last one is the best guess. */
	for (size_t i = s->nr_files; i-- > 0;) {
		const struct mapped_file *f = &s->files[i];

		if (f->ino == v->ino && f->dev == v->dev && f->access == access && !strcmp(f->path, v->path))
			return f;
	}
	return NULL;
}

int vma_file(struct dump_ctx *ctx, struct task *t, const struct vma *v, uint32_t access, uint64_t *id_ret,
	     struct err *e)
{
	struct shmems *s = shmems_of(ctx);
	const struct mapped_file *known = find(s, v, access);
	char link[64];
	uint32_t id;

	if (known) {
		*id_ret = known->id;
		return 0;
	}
	snprintf(link, sizeof(link), "map_files/%lx-%lx", v->start, v->end);
	_cleanup_close_ int fd = openat(t->procfd, link, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		err_set(e, errno, "cannot open /proc/%d/%s (%s)", t->tid, link, v->path);
		return err_hint(e, "this needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the first user namespace");
	}
	if (files_add_path(ctx, t, fd, link, access, "mapping", &id, e))
		return -1;
	*POOL_PUSH(&ctx->pool, s->files, s->nr_files) =
		(struct mapped_file){ .dev = v->dev, .ino = v->ino, .path = v->path, .access = access, .id = id };
	*id_ret = id;
	return 0;
}
