// SPDX-License-Identifier: GPL-2.0-only
/* Open files: finds each once, in whatever tables it is, asks its kind, and writes files.img and the fdinfo images. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/worker.h"
#include "cr-dump/files.h"
#include "cr-dump/team.h"

#define AT_ONCE	    512 /* files */
#define MANY_TABLES 8	/* worth a thread */

#define KIND(name) extern const struct dump_kind dump_##name;
#define RESTORE_KIND(name)
#include "libimg/kinds.def"
#undef KIND

static const struct dump_kind *const kinds[DUMP_KIND_COUNT] = {
#define KIND(name) [DUMP_KIND_##name] = &dump_##name,
#include "libimg/kinds.def"
#undef RESTORE_KIND
#undef KIND
};

/* A file of files_add_path. */
struct path_file {
	dev_t dev;
	ino_t ino;
	uint64_t mnt_id; /* a directory has one name in each mount; 0: unknown */
	uint32_t flags, id;
	const char *name;
};

struct files *files_of(struct dump_ctx *ctx)
{
	if (!ctx->files) {
		ctx->files = pool_alloc(&ctx->pool, sizeof(*ctx->files));
		ctx->files->next_id = 1;
		ctx->files->self_fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return ctx->files;
}

uint32_t files_new_id(struct dump_ctx *ctx)
{
	return files_of(ctx)->next_id++;
}

static FileEntry *new_entry(struct dump_ctx *ctx, FdTypes type, uint32_t id)
{
	struct files *fs = files_of(ctx);
	FileEntry *fe = POOL_MSG(&ctx->pool, FileEntry, file_entry);

	fe->type = type;
	fe->id = id;
	*POOL_PUSH(&ctx->pool, fs->entries, fs->nr_entries) = fe;
	return fe;
}

FileEntry *files_add_entry(struct dump_ctx *ctx, FdTypes type)
{
	return new_entry(ctx, type, files_new_id(ctx));
}

struct table *files_table(struct dump_ctx *ctx, const struct task *t)
{
	struct files *fs = files_of(ctx);

	if (t->files_id < FIRST_TABLE_ID || t->files_id - FIRST_TABLE_ID >= fs->nr_tables)
		return NULL;
	return &fs->tables[t->files_id - FIRST_TABLE_ID];
}

struct slot *table_slot(const struct table *table, int number)
{
	size_t low = 0, high = table->nr_slots;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (table->slots[mid].number == number)
			return &table->slots[mid];
		if (table->slots[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

void refuse_file(struct dump_ctx *ctx, const struct open_file *of, const char *hint, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (of->flying)
		refuse(ctx, NULL, hint, "a descriptor on its way through a unix socket %s", text);
	else
		refuse(ctx, of->task, hint, "fd %d %s", of->number, text);
}

/* --- what they are -------------------------------------------------------------------------------------------- */

/* Kinds claim disjoint sets: the order in the list means nothing. */
const struct dump_kind *kind_for(const struct fd_facts *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->claims(f))
			return kinds[i];
	return NULL;
}

static int look_kind(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	char what[256];

	of->dev = f->st.st_dev;
	files_label(ctx, of, f);
	of->kind = f->kind;
	if (!of->kind) {
		refuse_file(ctx, of, NULL, "is %s: not supported by this version", file_what(f, what, sizeof(what)));
		return 0;
	}
	of->entry = new_entry(ctx, of->kind->type, of->id);
	if (!of->kind->save(ctx, of, f, e))
		return 0;
	err_in(e, "%s", of->kind->name);
	return err_in(e, "pid %d: fd %d", f->task->pid, f->number);
}

int files_look_new(struct dump_ctx *ctx, struct open_file *const *files, size_t nr, struct err *e)
{
	_cleanup_free_ struct fd_facts *facts = calloc(nr, sizeof(*facts));
	int ret;

	if (!facts)
		return err_nomem(e, "what is known of open files");
	for (size_t i = 0; i < nr; i++)
		facts_begin(&facts[i], files[i]);
	ret = facts_look(ctx, facts, nr, e);
	for (size_t i = 0; i < nr && !ret; i++)
		ret = look_kind(ctx, files[i], &facts[i], e);
	facts_end(facts, nr);
	return ret;
}

/* --- tables ------------------------------------------------------------------------------------------------- */

/* Locks are looked for in every table: some belong to a task, not to the open file. */
static int look_slot(struct dump_ctx *ctx, struct table *table, size_t i, struct err *e)
{
	const struct fdinfo *info = &table->infos[i];
	struct slot *slot = &table->slots[i];
	bool new;

	slot->number = info->number;
	slot->cloexec = info->cloexec;
	if (same_file(ctx, table->task, info, &slot->file, &new, e))
		return -1;
	return info->text && strstr(info->text, "\nlock:") ? locks_look(ctx, table, slot, info->text, e) : 0;
}

static int look_table(struct dump_ctx *ctx, struct table *table, struct err *e)
{
	table->slots = pool_alloc(&ctx->pool, table->nr_slots * sizeof(*table->slots));
	for (size_t i = 0; i < table->nr_slots; i++)
		if (look_slot(ctx, table, i, e))
			return err_in(e, "pid %d: fd %d", table->task->pid, table->infos[i].number);
	return 0;
}

/* Each file once; we hold a descriptor of as many as are looked at together. What they lead to comes to the end of the list. */
static int look_tables(struct dump_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;
	size_t nr, n;

	for (size_t i = 0; i < fs->nr_tables; i++)
		if (look_table(ctx, &fs->tables[i], e))
			return -1;
	nr = fs->nr_list;
	for (size_t at = 0; at < nr; at += n) {
		n = nr - at < AT_ONCE ? nr - at : AT_ONCE;
		if (worker_check(e) || files_look_new(ctx, &fs->list[at], n, e))
			return -1;
	}
	return 0;
}

static int find_table(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	struct files *fs = files_of(ctx);
	const struct task *first;

	if (same_table(ctx, t, &first, e))
		return err_in(e, "pid %d", t->pid);
	t->files_id = first ? first->files_id : FIRST_TABLE_ID + fs->nr_tables;
	if (!first)
		*POOL_PUSH(&ctx->pool, fs->tables, fs->nr_tables) = (struct table){ .task = t };
	return 0;
}

static int files_begin(struct dump_ctx *ctx, struct err *e)
{
	struct files *fs = files_of(ctx);
	int ret;

	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (ctx->tasks[i]->state != TASK_DEAD && find_table(ctx, ctx->tasks[i], e))
			return -1;
	ret = fdinfo_read(ctx, fs->tables, fs->nr_tables, e) || look_tables(ctx, e) ? -1 : 0;
	fdinfo_free(fs->tables, fs->nr_tables);
	return ret;
}

static int files_looked(struct dump_ctx *ctx, struct err *e)
{
	files_settle_flying(ctx);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->looked && kinds[i]->looked(ctx, e))
			return -1;
	log_debug("the tree has %zu open files in %zu tables", ctx->files->nr_list, ctx->files->nr_tables);
	return 0;
}

/* --- files that are no descriptor --------------------------------------------------------------------------- */

/* The mount of a directory: most tasks have the same few, whose names need not be asked for again. */
static uint64_t directory_mount(int fd, const struct stat *st)
{
	struct statx sx;

	if (!S_ISDIR(st->st_mode) || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) || !(sx.stx_mask & STATX_MNT_ID))
		return 0;
	return sx.stx_mnt_id;
}

static const struct path_file *find_path(const struct files *fs, const struct path_file *key)
{
	for (size_t i = 0; i < fs->nr_paths; i++) {
		const struct path_file *p = &fs->paths[i];

		if (p->ino == key->ino && p->dev == key->dev && p->flags == key->flags &&
		    (key->name ? !strcmp(p->name, key->name) : p->mnt_id == key->mnt_id))
			return p;
	}
	return NULL;
}

int files_add_path(struct dump_ctx *ctx, struct task *t, int fd, const char *where, uint32_t flags, const char *what,
		   uint32_t *id_ret, struct err *e)
{
	struct files *fs = files_of(ctx);
	struct path_file key = { .flags = flags };
	const struct path_file *known = NULL;
	struct stat st;
	struct reg_place place = { .task = t, .what = what, .where = where, .st = &st };
	const char *name;
	FileEntry *fe;

	*id_ret = 0;
	if (fstat(fd, &st)) {
		if (errno != ENOENT)
			return err_set(e, errno, "cannot stat /proc/%d/%s (%s)", t->tid, where, what);
		refuse(ctx, t, NULL, "%s: it is in /proc, and of a process that has ended", what);
		return 0;
	}
	key.dev = st.st_dev;
	key.ino = st.st_ino;
	key.mnt_id = directory_mount(fd, &st);
	if (key.mnt_id)
		known = find_path(fs, &key);
	if (!known) {
		key.name = facts_link(ctx, fd, e);
		if (!key.name)
			return err_in(e, "%s", what);
		known = find_path(fs, &key);
	}
	if (known) {
		*id_ret = known->id;
		return 0;
	}
	place.link = key.name;
	place.found = name_leads_to(key.name, &st);
	fe = files_add_entry(ctx, FD_TYPES__REG);
	if (reg_find(ctx, &place, fe->id, &name, e))
		return err_in(e, "%s", what);
	if (!name)
		return 0;
	reg_fill(ctx, fe, &st, name, flags, 0, POOL_MSG(&ctx->pool, FownEntry, fown_entry));
	if (S_ISREG(st.st_mode) && name == key.name)
		reg_add_build_id(ctx, t, where, fe->reg);
	*id_ret = key.id = fe->id;
	*POOL_PUSH(&ctx->pool, fs->paths, fs->nr_paths) = key;
	return 0;
}

/* --- images ------------------------------------------------------------------------------------------------- */

static int write_table(struct dump_ctx *ctx, const struct table *table, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	FdinfoEntry fd = FDINFO_ENTRY__INIT;

	if (img_create(ctx->images_fd, IMG_FDINFO, table->task->files_id, &w, e))
		return -1;
	for (size_t i = 0; i < table->nr_slots; i++) {
		const struct slot *s = &table->slots[i];

		fd.id = s->file->id;
		fd.type = s->file->kind->type;
		fd.fd = s->number;
		fd.flags = s->cloexec;
		fd.has_locks = s->locks;
		fd.locks = s->locks;
		fd.xattr_security_selinux = (char *)s->file->label;
		if (img_put(w, &fd.base, e))
			return -1;
	}
	return img_finish(&w, e);
}

static int write_files(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;
	struct files *fs = ctx->files;

	if (img_create(ctx->images_fd, IMG_FILES, 0, &w, e))
		return -1;
	for (size_t i = 0; i < fs->nr_entries; i++)
		if (img_put(w, &fs->entries[i]->base, e))
			return -1;
	return img_finish(&w, e);
}

/* The largest first. */
static int write_one(void *arg, size_t i, char **scratch, struct err *e)
{
	struct dump_ctx *ctx = arg;

	return i ? write_table(ctx, &ctx->files->tables[i - 1], e) : write_files(ctx, e);
}

static int files_finish(struct dump_ctx *ctx, struct err *e)
{
	struct files *fs = files_of(ctx);

	close_fdp(&fs->self_fds);
	fs->self_fds = -1;
	locks_settle(ctx);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->write && kinds[i]->write(ctx, e))
			return -1;
	files_end_flying(ctx);
	if (locks_write(ctx, e) || sk_queues_write(ctx, e))
		return -1;
	return parallel(1 + fs->nr_tables, fs->nr_tables >= MANY_TABLES, write_one, ctx, e);
}

const struct dump_part dump_files = {
	.name = "files",
	.begin = files_begin,
	.looked = files_looked,
	.finish = files_finish,
};
