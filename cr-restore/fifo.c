// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open FIFOs: all open files of one are made together, since none opens without the other sort of end. Readers come first: one that
 * has never had a writer sees no hang-up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cr-restore/reg.h"

extern const struct restore_kind restore_reg;

struct fifos {
	struct ofile **ends;
	size_t nr_ends;
	struct pipe_contents contents;
};

static const struct ofile *file_of(struct restore_ctx *ctx, const FifoEntry *r)
{
	const struct ofile *of = r->has_regf_id ? files_find(ctx, r->regf_id) : NULL;

	return of && of->entry->reg ? of : NULL;
}

/* CRIU's images have the owner with the file only, which is not an open one itself. */
static void move_owner(struct restore_ctx *ctx, struct ofile *end)
{
	const struct ofile *of = file_of(ctx, end->entry->fifo);
	FifoEntry *r = end->entry->fifo;

	if (r->fown || !of)
		return;
	r->fown = of->entry->reg->fown;
	r->flags = of->entry->reg->flags;
	of->entry->reg->fown = NULL;
	end->signals = file_signals(end->entry);
}

static int fifo_load(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;
	struct fifos *s = fs->kind[RESTORE_KIND_fifo] = pool_alloc(&ctx->pool, sizeof(*s));

	for (size_t i = 0; i < fs->nr; i++)
		if (fs->list[i].entry->fifo && fs->list[i].held) {
			move_owner(ctx, &fs->list[i]);
			*POOL_PUSH(&ctx->pool, s->ends, s->nr_ends) = &fs->list[i];
		}
	if (pipe_contents_load(ctx, IMG_FIFO_DATA, &s->contents, e))
		return -1;
	for (size_t i = 0; i < s->nr_ends; i++) {
		const FifoEntry *end = s->ends[i]->entry->fifo;

		if (pipe_contents_check(&s->contents, end->pipe_id, end->queued, e))
			return -1;
	}
	return 0;
}

static int fifo_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	const struct ofile *of = file_of(ctx, f->fifo);

	if (!of) {
		problem(ctx, NULL, "FIFO %u has no file in files.img", f->id);
		return 0;
	}
	return restore_reg.check(ctx, of->entry, e);
}

/* --- making ------------------------------------------------------------------------------------------------- */

/* One end, through the descriptor of the file. It is opened so that it never waits. */
static int open_end(int path_fd, uint32_t flags, struct err *e)
{
	const uint32_t asked = O_ACCMODE | O_APPEND | O_DIRECT | O_NOATIME | O_LARGEFILE;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(path, (flags & asked) | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "cannot open the FIFO with flags %#o", flags) : fd;
}

static int make_ends(struct restore_ctx *ctx, uint32_t pipe_id, int path_fd, bool readers, struct err *e)
{
	const struct fifos *s = ctx->files->kind[RESTORE_KIND_fifo];

	for (size_t i = 0; i < s->nr_ends; i++) {
		const FifoEntry *r = s->ends[i]->entry->fifo;
		uint32_t flags;
		int fd;

		if (r->pipe_id != pipe_id)
			continue;
		flags = file_of(ctx, r)->entry->reg->flags;
		if (((flags & O_ACCMODE) == O_RDONLY) != readers)
			continue;
		fd = open_end(path_fd, flags, e);
		if (fd < 0)
			return -1;
		files_put(ctx, r->id, fd);
		if (file_set_flags(fd, flags, e))
			return -1;
	}
	return 0;
}

/* CRIU's images do not tell; nobody should wait for a hang-up that has been. */
static bool has_hung_up(const FifoEntry *r)
{
	return !r->has_hup || r->hup;
}

/* Is a second sort of end needed for a moment: to open a writer, to put the content in, to have had a writer? */
static bool needs_helper(struct restore_ctx *ctx, uint32_t pipe_id)
{
	const struct fifos *s = ctx->files->kind[RESTORE_KIND_fifo];

	if (pipe_contents_bytes(&s->contents, pipe_id))
		return true;
	for (size_t i = 0; i < s->nr_ends; i++) {
		const FifoEntry *r = s->ends[i]->entry->fifo;

		if (r->pipe_id == pipe_id &&
		    (has_hung_up(r) || (file_of(ctx, r)->entry->reg->flags & O_ACCMODE) != O_RDONLY))
			return true;
	}
	return false;
}

static int fifo_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	const struct fifos *s = ctx->files->kind[RESTORE_KIND_fifo];
	const RegFileEntry *reg = file_of(ctx, f->fifo)->entry->reg;
	_cleanup_close_ int path_fd = -1, helper = -1;
	uint32_t id = f->fifo->pipe_id;
	struct stat st;

	if (reg_open_path(ctx, reg, &path_fd, e))
		return err_in(e, "%s", reg->name);
	if (fstat(path_fd, &st) || !S_ISFIFO(st.st_mode))
		return err_set(e, 0, "%s is no FIFO", reg->name);
	if (make_ends(ctx, id, path_fd, true, e))
		return err_in(e, "%s", reg->name);
	if (needs_helper(ctx, id)) {
		helper = open_end(path_fd, O_RDWR, e);
		if (helper < 0 || pipe_contents_fill(&s->contents, id, helper, e) ||
		    make_ends(ctx, id, path_fd, false, e))
			return err_in(e, "%s", reg->name);
	}
	*fd_ret = files_find(ctx, f->id)->fd;
	return *fd_ret < 0 ? err_set(e, 0, "no task has this end of FIFO %s", reg->name) : 0;
}

const struct restore_kind restore_fifo = {
	.name = "FIFO",
	.type = FD_TYPES__FIFO,
	.load = fifo_load,
	.check = fifo_check,
	.make = fifo_make,
};
