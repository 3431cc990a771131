// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terminals: pseudo-terminals of the tree with both ends and what is in them, consoles, /dev/tty, and with --shell-job or --external
 * those whose master somebody outside has. Lost: the column of the cursor, a character that was to be quoted (VLNEXT).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "cr-dump/tty.h"

/* 4: virtual consoles and serial lines; 5: /dev/tty, /dev/console, /dev/ptmx; 136: slaves of pseudo-terminals. */
static bool tty_claims(const struct fd_facts *f)
{
	unsigned int m = major(f->st.st_rdev);

	return S_ISCHR(f->st.st_mode) && !(f->flags & O_PATH) && (m == 4 || m == 5 || (m >= 136 && m <= 143));
}

/* The name of a hung-up slave is gone, but it was there. */
static const char *name_of(struct dump_ctx *ctx, const struct fd_facts *f, const struct terminal *t)
{
	size_t len = strlen(f->link), mark = strlen(" (deleted)");
	char *name = pool_str(&ctx->pool, f->link);

	if (t->hung_up && len > mark && !strcmp(name + len - mark, " (deleted)"))
		name[len - mark] = '\0';
	return name;
}

static void add_name(struct dump_ctx *ctx, const struct fd_facts *f, const struct terminal *t, TtyFileEntry *r)
{
	FileEntry *path = files_add_entry(ctx, FD_TYPES__REG);

	reg_fill(ctx, path, &f->st, name_of(ctx, f, t), f->flags, 0, f->fown);
	r->has_regf_id = true;
	r->regf_id = path->id;
}

/* Whether it can be saved is not known before all others are seen: see tty_look_sessions(). */
static int tty_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	struct terminal *t = NULL;
	TtyFileEntry *r;

	if (tty_look(ctx, of, f, &t, e))
		return -1;
	if (!t)
		return 0;
	r = POOL_MSG(&ctx->pool, TtyFileEntry, tty_file_entry);
	r->id = of->id;
	r->tty_info_id = t->info->id;
	r->flags = f->flags;
	r->fown = f->fown;
	of->entry->tty = r;
	add_name(ctx, f, t, r);
	return 0;
}

static int tty_looked(struct dump_ctx *ctx, struct err *e)
{
	return tty_look_sessions(ctx, e);
}

static int tty_write(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	struct ttys *s = ttys_of(ctx);

	if (!s->nr)
		return 0;
	if (tty_write_data(ctx, e) || img_create(ctx->images_fd, IMG_TTY_INFO, 0, &w, e))
		return -1;
	for (size_t i = 0; i < s->nr; i++)
		if (img_put(w, &s->list[i]->info->base, e))
			return -1;
	return img_finish(&w, e);
}

const struct dump_kind dump_tty = {
	.name = "terminal",
	.type = FD_TYPES__TTY,
	.claims = tty_claims,
	.save = tty_save,
	.looked = tty_looked,
	.write = tty_write,
};
