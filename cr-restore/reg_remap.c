// SPDX-License-Identifier: GPL-2.0-only
/* Where files are whose name was gone at the dump: deleted ones are made again (ghost.c), others have a link for the restore. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/writable.h"
#include "cr-restore/birth.h"
#include "cr-restore/reg.h"

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define LINK_NAME   "/link_remap."

/* --- loading ------------------------------------------------------------------------------------------------ */

static const RegFileEntry *reg_of(struct restore_ctx *ctx, uint32_t id)
{
	const struct ofile *of = files_find(ctx, id);

	return of ? of->entry->reg : NULL;
}

static int load_ghost(struct restore_ctx *ctx, struct regs *s, struct remap *m, struct err *e)
{
	if (ghost_load(ctx, m->target, m->reg, e))
		return -1;
	if (m->reg->flags & TMPFILE_BIT && (m->reg->flags & O_ACCMODE) != O_RDONLY)
		for (size_t i = 0; i < s->nr_ghosts; i++)
			if (s->ghosts[i].id == m->target && !s->ghosts[i].tmpfile)
				s->ghosts[i].tmpfile = m->reg;
	return 0;
}

static int add(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	const RemapFilePathEntry *entry = (RemapFilePathEntry *)msg;
	struct regs *s = ctx->files->kind[RESTORE_KIND_reg];
	struct remap *m = POOL_PUSH(&ctx->pool, s->remaps, s->nr_remaps);
	const RegFileEntry *link;

	*m = (struct remap){ .id = entry->orig_id, .target = entry->remap_id, .fd = -1 };
	m->type = entry->has_remap_type ? entry->remap_type : REMAP_TYPE__LINKED;
	m->reg = reg_of(ctx, m->id);
	if (!m->reg || *m->reg->name != '/') {
		err_set(e, 0, "file %u is no file with a path in files.img", m->id);
		return img_complain(r, e);
	}
	if (m->type == REMAP_TYPE__GHOST)
		return load_ghost(ctx, s, m, e);
	if (m->type == REMAP_TYPE__LINKED) {
		link = reg_of(ctx, m->target);
		if (!link || *link->name != '/') {
			err_set(e, 0, "file %u, which file %u is to be found by, is no file with a path in files.img",
				m->target, m->id);
			return img_complain(r, e);
		}
		m->link = link->name;
		return 0;
	}
	if (m->type == REMAP_TYPE__PROCFS && m->target && m->target <= INT_MAX) {
		birth_stand_in(ctx, m->target);
		return 0;
	}
	if (m->type == REMAP_TYPE__PROCFS)
		err_set(e, 0, "%u is no number of a process", m->target);
	else
		err_set(e, 0, "there is no remap_type %d", m->type);
	return img_complain(r, e);
}

static int by_id(const void *a, const void *b)
{
	const struct remap *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

struct remap *remap_find(struct restore_ctx *ctx, uint32_t id)
{
	const struct regs *s = ctx->files->kind[RESTORE_KIND_reg];
	const struct remap key = { .id = id };

	return s->nr_remaps ? bsearch(&key, s->remaps, s->nr_remaps, sizeof(key), by_id) : NULL;
}

int remaps_load(struct restore_ctx *ctx, struct err *e)
{
	struct regs *s = ctx->files->kind[RESTORE_KIND_reg] = pool_alloc(&ctx->pool, sizeof(*s));

	if (files_each(ctx, IMG_REMAP_FPATH, add, e))
		return -1;
	if (s->nr_remaps)
		qsort(s->remaps, s->nr_remaps, sizeof(*s->remaps), by_id);
	/* There is no image when all files are found, so that is noted with the file as well. */
	for (size_t i = 0; i < ctx->files->nr; i++) {
		const RegFileEntry *r = ctx->files->list[i].entry->reg;

		if (!r || !r->remapped || remap_find(ctx, r->id))
			continue;
		err_set(e, 0, "remap-fpath.img: what became of the deleted file %s is missing", r->name);
		return err_hint(e, "the directory must have all images of the dump");
	}
	return 0;
}

/* --- checking ----------------------------------------------------------------------------------------------- */

void remap_check(struct restore_ctx *ctx, const struct remap *m)
{
	struct stat st;

	if (m->type == REMAP_TYPE__LINKED && lstat(m->link, &st))
		problem(ctx, "the dump made this link (--link-remap), and a restore removes it", "%s, for %s: %s",
			m->link, m->reg->name, strerror(errno));
}

/* --- opening ------------------------------------------------------------------------------------------------ */

/* Under the name that it had, for a moment, so that /proc shows that one; under the link's if this cannot be. */
static int open_link(struct restore_ctx *ctx, struct remap *m, struct err *e)
{
	char where[PATH_MAX];
	struct err ignored;

	writable_path(m->reg->name, where);
	if (!names_parents(ctx->names, where, &ignored) && !names_add(ctx->names, m->link, false, where, &ignored))
		m->fd = open(m->reg->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	names_undo(ctx->names);
	if (m->fd < 0)
		m->fd = open(m->link, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return m->fd < 0 ? err_set(e, errno, "cannot open %s, which stands for it", m->link) : 0;
}

/* Of a process that had ended: there is one in its place now (birth_stand_in). */
static int open_proc(struct remap *m, struct err *e)
{
	m->fd = open(m->reg->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return m->fd < 0 ? err_set(e, errno, "cannot open it") : 0;
}

int remap_open(struct restore_ctx *ctx, struct remap *m, struct ghost **ghost_ret, int *fd_ret, struct err *e)
{
	*ghost_ret = NULL;
	if (ctx->opts->fault == FAULT_KILL_AT_REMAP)
		kill(ctx->tasks[0]->pid, SIGKILL);
	if (m->type == REMAP_TYPE__GHOST)
		return ghost_open(ctx, m->target, m->reg->name, ghost_ret, fd_ret, e);
	if (m->fd < 0 && (m->type == REMAP_TYPE__PROCFS ? open_proc(m, e) : open_link(ctx, m, e)))
		return -1;
	*fd_ret = m->fd;
	return 0;
}

/* --- the end ------------------------------------------------------------------------------------------------ */

int remaps_settle(struct restore_ctx *ctx, struct err *e)
{
	struct regs *s = ctx->files->kind[RESTORE_KIND_reg];
	int ret = 0;

	for (size_t i = 0; i < s->nr_ghosts; i++) {
		ret = ret ? ret : ghost_set_times(&s->ghosts[i], e);
		ghost_close(&s->ghosts[i]);
	}
	for (size_t i = 0; i < s->nr_remaps; i++)
		close_fdp(&s->remaps[i].fd);
	return ret;
}

/* Only the links of dumps are removed, whatever an image says. */
void files_remove_links(struct restore_ctx *ctx)
{
	struct regs *s = ctx->files->kind[RESTORE_KIND_reg];

	for (size_t i = 0; i < s->nr_remaps; i++) {
		const char *link = s->remaps[i].link, *slash = link ? strrchr(link, '/') : NULL;

		if (slash && !strncmp(slash, LINK_NAME, strlen(LINK_NAME)) && unlink(link) && errno != ENOENT)
			log_warn("cannot remove the link %s: %s", link, strerror(errno));
	}
}
