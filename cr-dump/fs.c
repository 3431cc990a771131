// SPDX-License-Identifier: GPL-2.0-only
/* Working directory, root directory and umask. What several tasks share (CLONE_FS) is refused in files_same.c. */
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
		return err_set(e, errno, "cannot open /proc/%d/%s", t->pid, name);
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
		return err_set(e, 0, "/proc/%d/status does not tell the umask", t->pid);
	return 0;
}

static int fs_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	FsEntry *fs = POOL_MSG(&ctx->pool, FsEntry, fs_entry);

	fs->has_umask = true;
	if (look_dir(ctx, t, "cwd", &fs->cwd_id, e) || look_dir(ctx, t, "root", &fs->root_id, e) ||
	    look_umask(ctx, t, &fs->umask, e))
		return -1;
	files_table(ctx, t)->fs = fs;
	t->fs_id = t->files_id;
	return 0;
}

static int fs_finish(struct dump_ctx *ctx, struct err *e)
{
	struct files *fs = files_of(ctx);

	for (size_t i = 0; i < fs->nr_tables; i++)
		if (img_write_one(ctx->images_fd, IMG_FS, fs->tables[i].task->pid, &fs->tables[i].fs->base, e))
			return -1;
	return 0;
}

const struct dump_part dump_fs = {
	.name = "fs",
	.look = fs_look,
	.finish = fs_finish,
};
