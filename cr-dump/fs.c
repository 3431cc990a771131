// SPDX-License-Identifier: GPL-2.0-only
/* Working directory, root directory and umask, which tasks may share (CLONE_FS). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr-dump/ahead.h"
#include "cr-dump/files.h"
#include "fs.pb-c.h"

static int look_dir(struct dump_ctx *ctx, struct task *t, const char *name, uint32_t *id_ret, struct err *e)
{
	_cleanup_close_ int fd = openat(t->procfd, name, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "cannot open /proc/%d/%s", t->tid, name);
	return files_add_path(ctx, t, fd, name, O_RDONLY, name, id_ret, e);
}

static int look_umask(struct dump_ctx *ctx, struct task *t, uint32_t *ret, struct err *e)
{
	const char *line;
	char *status;

	if (ahead_get(ctx, t, 0, AHEAD_STATUS, &status, NULL, e))
		return -1;
	line = strstr(status, "\nUmask:");
	if (!line || sscanf(line, "\nUmask: %o", ret) != 1)
		return err_set(e, 0, "/proc/%d/status does not tell the umask", t->tid);
	return 0;
}

static int fs_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	const struct task *first;

	if (same_fs(ctx, t, &first, e))
		return -1;
	if (first) {
		t->fs = first->fs;
		t->fs_id = first->fs_id;
		return 0;
	}
	t->fs = POOL_MSG(&ctx->pool, FsEntry, fs_entry);
	t->fs->has_umask = true;
	t->fs_id = FIRST_TABLE_ID + files_of(ctx)->nr_fs++;
	return look_dir(ctx, t, "cwd", &t->fs->cwd_id, e) || look_dir(ctx, t, "root", &t->fs->root_id, e) ||
			       look_umask(ctx, t, &t->fs->umask, e) ?
		       -1 :
		       0;
}

/* Each task has the image, also of what it shares. */
static int fs_finish(struct dump_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct task *t = ctx->tasks[i];

		if (t->fs && img_write_one(ctx->images_fd, IMG_FS, t->pid, &t->fs->base, e))
			return -1;
	}
	return 0;
}

const struct dump_part dump_fs = {
	.name = "fs",
	.look = fs_look,
	.finish = fs_finish,
};
