// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever is opened again by its name: regular files, directories, memory devices, and any O_PATH descriptor. State is flags
 * and offset, and what restore needs to know the file again (type, mode, size). The content is not in the images.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/build_id.h"
#include "cr-dump/files.h"

/* null, zero, full, random, urandom: they have no state. */
static bool is_memory_device(const struct stat *st)
{
	unsigned int n = minor(st->st_rdev);

	return S_ISCHR(st->st_mode) && major(st->st_rdev) == 1 && (n == 3 || n == 5 || n == 7 || n == 8 || n == 9);
}

static bool reg_claims(const struct fd_facts *f)
{
	if (*f->link != '/' || !strncmp(f->link, "/memfd:", 7) || !strncmp(f->link, "/SYSV", 5))
		return false;
	if (S_ISREG(f->st.st_mode) && !strcmp(f->link, "/dev/zero (deleted)"))
		return false; /* shared anonymous memory: memfd.c */
	if (S_ISREG(f->st.st_mode) || S_ISDIR(f->st.st_mode))
		return true;
	return f->flags & O_PATH || is_memory_device(&f->st);
}

void reg_fill(struct dump_ctx *ctx, FileEntry *entry, const struct stat *st, const char *name, uint32_t flags,
	      uint64_t pos, FownEntry *fown)
{
	RegFileEntry *reg = POOL_MSG(&ctx->pool, RegFileEntry, reg_file_entry);
	const struct files *fs = files_of(ctx);

	reg->id = entry->id;
	reg->flags = flags;
	reg->pos = pos;
	reg->fown = fown;
	reg->name = (char *)name;
	reg->has_mode = true;
	reg->mode = st->st_mode;
	/* A log goes on growing while others have it; its end is where it is. CRIU leaves the size out as well. */
	reg->has_size = S_ISREG(st->st_mode) && (flags & (O_ACCMODE | O_APPEND)) != (O_WRONLY | O_APPEND);
	reg->size = reg->has_size ? st->st_size : 0;
	/* reg_find() was asked just before. */
	if (fs->nr_remaps && fs->remaps[fs->nr_remaps - 1]->orig_id == entry->id)
		reg->has_remapped = reg->remapped = true;
	entry->reg = reg;
}

/* Out of the mapping, where it has the beginning of the file: opening the file could be an event for somebody who watches it. */
void reg_add_build_id(struct dump_ctx *ctx, const struct task *t, const char *where, RegFileEntry *reg)
{
	uint32_t words[BUILD_ID_WORDS];
	_cleanup_close_ int fd = -1;
	uint64_t start;

	if (ctx->opts->validate_size || sscanf(where, "map_files/%lx-", &start) != 1)
		return;
	fd = openat(t->procfd, "mem", O_RDONLY | O_CLOEXEC);
	reg->n_build_id = fd < 0 ? 0 : build_id_read(fd, start, words, BUILD_ID_WORDS);
	reg->build_id = pool_copy(&ctx->pool, words, reg->n_build_id * sizeof(*words));
}

static int reg_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	struct reg_place place = {
		.task = f->task,
		.of = of,
		.link = f->link,
		.found = f->found,
		.st = &f->st,
		.mnt_id = f->mnt_id,
	};
	const char *name;
	struct stat node;
	char where[32];

	snprintf(where, sizeof(where), "fd/%d", f->number);
	place.where = where;
	if (reg_find(ctx, &place, of->id, &name, e))
		return -1;
	if (!name)
		return 0;
	reg_fill(ctx, of->entry, &f->st, name, f->flags, f->pos, f->fown);
	/* It may be the name of another node (--evasive-devices), with permissions of its own. */
	if (S_ISCHR(f->st.st_mode) && strcmp(name, f->link) && !lstat(name, &node))
		of->entry->reg->mode = node.st_mode;
	return 0;
}

/* After the look stage of all parts: links and images of deleted files that are a mapping, a directory or a descriptor. */
static int reg_write(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	struct files *fs = files_of(ctx);

	if (!fs->nr_remaps)
		return 0;
	if (ghosts_write(ctx, e) || links_make(ctx, e) || img_create(ctx->images_fd, IMG_REMAP_FPATH, 0, &w, e))
		return -1;
	for (size_t i = 0; i < fs->nr_remaps; i++)
		if (img_put(w, &fs->remaps[i]->base, e))
			return -1;
	return img_finish(&w, e);
}

const struct dump_kind dump_reg = {
	.name = "file",
	.type = FD_TYPES__REG,
	.claims = reg_claims,
	.by_name = true,
	.save = reg_save,
	.write = reg_write,
};
