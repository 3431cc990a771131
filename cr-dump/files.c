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

#include "cr-dump/files.h"

#define PROC_SUPER_MAGIC_ 0x9fa0
#ifndef F_GETOWNER_UIDS
#define F_GETOWNER_UIDS 17
#endif

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
		ctx->files->self_fds = -1;
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

/* --- one open file ------------------------------------------------------------------------------------------ */

/* Who gets its SIGIO. All zero when nobody was ever named, as for nearly every file. */
static int look_owner(struct dump_ctx *ctx, struct fd_facts *f, struct err *e)
{
	struct f_owner_ex owner = { 0 };
	uid_t uids[2] = { 0, 0 };
	int sig = fcntl(f->fd, F_GETSIG);

	f->fown = POOL_MSG(&ctx->pool, FownEntry, fown_entry);
	if (f->flags & O_PATH)
		return 0;
	if (sig < 0 || fcntl(f->fd, F_GETOWN_EX, &owner))
		return err_set(e, errno, "cannot tell who owns it");
	f->fown->signum = sig;
	if (!owner.pid)
		return 0;
	/* Absent without CONFIG_CHECKPOINT_RESTORE; then root is as good a guess as any. */
	if (!fcntl(f->fd, F_GETOWNER_UIDS, uids)) {
		f->fown->uid = uids[0];
		f->fown->euid = uids[1];
	}
	f->fown->pid_type = owner.type;
	f->fown->pid = owner.pid;
	return 0;
}

/* Asking for a name is the dearest step, so only where the mode does not tell all. */
static int look_link(struct dump_ctx *ctx, struct fd_facts *f, struct err *e)
{
	struct files *fs = files_of(ctx);
	char number[16], link[4096];
	ssize_t n;

	if (f->family >= 0) {
		f->link = "socket:";
		return 0;
	}
	if (fs->self_fds < 0)
		fs->self_fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(number, sizeof(number), "%d", f->fd);
	n = readlinkat(fs->self_fds, number, link, sizeof(link) - 1);
	if (n < 0)
		return err_set(e, errno, "cannot read its name");
	link[n] = '\0';
	f->link = pool_str(&ctx->pool, link);
	return 0;
}

static bool is_procfs(struct files *fs, const struct fd_facts *f)
{
	struct statfs sfs;

	if (!S_ISREG(f->st.st_mode) && !S_ISDIR(f->st.st_mode))
		return false;
	if (!fs->last_known || fs->last_dev != f->st.st_dev) {
		fs->last_procfs = !fstatfs(f->fd, &sfs) && sfs.f_type == PROC_SUPER_MAGIC_;
		fs->last_dev = f->st.st_dev;
		fs->last_known = true;
	}
	return fs->last_procfs;
}

static int look_facts(struct dump_ctx *ctx, struct fd_facts *f, struct err *e)
{
	socklen_t len = sizeof(f->family);

	f->fd = syscall(SYS_pidfd_getfd, f->task->pidfd, f->number, 0);
	if (f->fd < 0)
		return err_set(e, errno, "cannot get hold of it (pidfd_getfd)");
	if (fstat(f->fd, &f->st)) {
		if (errno !=
		    ENOENT) /* that is so with /proc/PID/fd of a process that has ended, which no kind claims then */
			return err_set(e, errno, "cannot stat it");
		f->st = (struct stat){ 0 };
	}
	if (S_ISSOCK(f->st.st_mode) && !(f->flags & O_PATH) &&
	    getsockopt(f->fd, SOL_SOCKET, SO_DOMAIN, &f->family, &len))
		return err_set(e, errno, "cannot tell the family of the socket");
	f->procfs = is_procfs(files_of(ctx), f);
	return look_link(ctx, f, e) || look_owner(ctx, f, e) ? -1 : 0;
}

/* Kinds claim disjoint sets: the order in the list means nothing. */
static const struct dump_kind *kind_for(const struct fd_facts *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->claims(f))
			return kinds[i];
	return NULL;
}

int files_look_new(struct dump_ctx *ctx, struct open_file *of, struct fd_facts *f, struct err *e)
{
	char what[256];

	if (look_facts(ctx, f, e))
		return -1;
	of->dev = f->st.st_dev;
	files_label(ctx, of, f);
	of->kind = kind_for(f);
	if (!of->kind) {
		refuse_file(ctx, of, NULL, "is %s: not supported by this version", file_what(f, what, sizeof(what)));
		return 0;
	}
	of->entry = new_entry(ctx, of->kind->type, of->id);
	return of->kind->save(ctx, of, f, e) ? err_in(e, "%s", of->kind->name) : 0;
}

/* Locks are looked for in every table: some belong to a task, not to the open file. */
static int look_fd(struct dump_ctx *ctx, struct task *t, struct table *table, int number, const char *text,
		   struct err *e)
{
	struct fd_facts f;
	struct slot *slot;
	bool new;
	int ret = 0;

	slot = POOL_PUSH(&ctx->pool, table->slots, table->nr_slots);
	slot->number = number;
	if (fdinfo_parse(t, number, text, &f, &slot->cloexec, e) ||
	    same_file(ctx, t, number, f.ino, f.mnt_id, &slot->file, &new, e))
		return -1;
	if (slot->file->flying)
		files_land(slot->file, t, number);
	if (strstr(text, "\nlock:"))
		ret = locks_look(ctx, t, table, slot, text, e);
	if (new && !ret)
		ret = files_look_new(ctx, slot->file, &f, e);
	close_fdp(&f.fd);
	return ret;
}

/* --- a task ------------------------------------------------------------------------------------------------- */

static int look_table(struct dump_ctx *ctx, struct task *t, struct table *table, struct err *e)
{
	_cleanup_fdinfo_ struct fdinfo_reader reader = { 0 };
	const char *text;
	int number = 0;

	if (fdinfo_open(&reader, t, e))
		return -1;
	for (size_t i = 0; i < reader.nr; i++)
		if (fdinfo_get(&reader, i, &number, &text, e) || look_fd(ctx, t, table, number, text, e))
			return err_in(e, "fd %d", number);
	return 0;
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

static int files_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	struct files *fs = files_of(ctx);
	struct table table = { .task = t };
	const struct task *first;

	if (same_table(ctx, t, &first, e))
		return -1;
	if (first) {
		t->files_id = first->files_id;
		return 0;
	}
	if (look_table(ctx, t, &table, e))
		return -1;
	*POOL_PUSH(&ctx->pool, fs->tables, fs->nr_tables) = table;
	t->files_id = FIRST_TABLE_ID + fs->nr_tables - 1;
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
	struct fd_facts f = { .fd = fd, .family = -1 };
	struct path_file key = { .flags = flags };
	const struct path_file *known = NULL;
	struct reg_place place = { .task = t, .what = what, .where = where, .st = &f.st };
	const char *name;
	FileEntry *fe;

	*id_ret = 0;
	if (fstat(fd, &f.st)) {
		if (errno != ENOENT)
			return err_set(e, errno, "cannot stat /proc/%d/%s (%s)", t->tid, where, what);
		refuse(ctx, t, NULL, "%s: it is in /proc, and of a process that has ended", what);
		return 0;
	}
	key.dev = f.st.st_dev;
	key.ino = f.st.st_ino;
	key.mnt_id = directory_mount(fd, &f.st);
	if (key.mnt_id)
		known = find_path(fs, &key);
	if (!known) {
		if (look_link(ctx, &f, e))
			return err_in(e, "%s", what);
		key.name = f.link;
		known = find_path(fs, &key);
	}
	if (known) {
		*id_ret = known->id;
		return 0;
	}
	place.link = f.link;
	fe = files_add_entry(ctx, FD_TYPES__REG);
	if (reg_find(ctx, &place, fe->id, &name, e))
		return err_in(e, "%s", what);
	if (!name)
		return 0;
	reg_fill(ctx, fe, &f.st, name, flags, 0, POOL_MSG(&ctx->pool, FownEntry, fown_entry));
	if (S_ISREG(f.st.st_mode) && name == f.link)
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

static int files_finish(struct dump_ctx *ctx, struct err *e)
{
	struct files *fs = files_of(ctx);

	close_fdp(&fs->self_fds);
	fs->self_fds = -1;
	locks_settle(ctx);
	for (size_t i = 0; i < fs->nr_tables; i++)
		if (write_table(ctx, &fs->tables[i], e))
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->write && kinds[i]->write(ctx, e))
			return -1;
	files_end_flying(ctx);
	return locks_write(ctx, e) || sk_queues_write(ctx, e) || write_files(ctx, e) ? -1 : 0;
}

const struct dump_part dump_files = {
	.name = "files",
	.look = files_look,
	.looked = files_looked,
	.finish = files_finish,
};
