// SPDX-License-Identifier: GPL-2.0-only
/* Open files: checks all that tasks need, makes each once, gives tasks their descriptors at the right numbers. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "cr-restore/files.h"
#include "cr-restore/label.h"
#include "restorer/memory.h"

#define KIND(name)	   extern const struct restore_kind restore_##name;
#define RESTORE_KIND(name) KIND(name)
#include "libimg/kinds.def"
#undef KIND

static const struct restore_kind *const kinds[RESTORE_KIND_COUNT] = {
#define KIND(name) [RESTORE_KIND_##name] = &restore_##name,
#include "libimg/kinds.def"
#undef RESTORE_KIND
#undef KIND
};

struct ofile *files_find(struct restore_ctx *ctx, uint32_t id)
{
	size_t low = 0, high = ctx->files->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct ofile *of = &ctx->files->list[mid];

		if (of->id == id)
			return of;
		if (of->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const FdinfoEntry *files_descriptor(const struct rtask *t, uint32_t number)
{
	size_t low = 0, high = t->nr_fds;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->fds[mid]->fd == number)
			return t->fds[mid];
		if (t->fds[mid]->fd < number)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static const struct restore_kind *kind_of(FdTypes type)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->type == type)
			return kinds[i];
	return NULL;
}

int files_load(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files = pool_alloc(&ctx->pool, sizeof(*fs));

	if (files_load_images(ctx, e) || files_change_paths(ctx, e) || inherit_load(ctx, e) ||
	    files_load_tables(ctx, e) || locks_load(ctx, e))
		return -1;
	for (size_t i = 0; i < fs->nr; i++) {
		fs->list[i].kind = kind_of(fs->list[i].entry->type);
		fs->list[i].signals |= file_signals(fs->list[i].entry);
	}
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		for (size_t j = 0; ctx->tasks[i]->table_of == ctx->tasks[i] && j < ctx->tasks[i]->nr_fds; j++) {
			struct ofile *of = files_find(ctx, ctx->tasks[i]->fds[j]->id);

			if (of) {
				of->users++;
				of->held = true;
			}
		}
	files_load_labels(ctx);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->load && kinds[i]->load(ctx, e))
			return -1;
	return 0;
}

/* --- plan --------------------------------------------------------------------------------------------------- */

int files_check_one(struct restore_ctx *ctx, struct ofile *of, struct err *e)
{
	if (of->checked)
		return 0;
	of->checked = true;
	if (inherit_wants(ctx, of->entry)) {
		inherit_check(ctx, of);
		return 0;
	}
	if (of->label)
		label_check_file(ctx, of->id, of->label);
	return of->kind->check ? of->kind->check(ctx, of->entry, e) : 0;
}

/* A file that a task needs, for `what`; type UND: only regular files and memfds will do. */
static int check_file(struct restore_ctx *ctx, const struct rtask *t, const char *what, uint32_t id, FdTypes type,
		      struct err *e)
{
	struct ofile *of = files_find(ctx, id);

	if (!of || (type == FD_TYPES__UND ? !of->entry->reg && !of->entry->memfd : of->entry->type != type)) {
		problem(ctx, NULL, "pid %d: %s is file %u, which files.img does not have", t->pid, what, id);
		return 0;
	}
	if (!of->kind && !of->checked) {
		problem(ctx, NULL, "pid %d: %s is of type %s, which this version cannot restore", t->pid, what,
			file_type_name(of->entry->type));
		of->checked = true;
	}
	return files_check_one(ctx, of, e);
}

static int check_task(struct restore_ctx *ctx, const struct rtask *t, struct err *e)
{
	char what[32];

	for (size_t i = 0; t->table_of == t && i < t->nr_fds; i++) {
		snprintf(what, sizeof(what), "fd %u", t->fds[i]->fd);
		if (check_file(ctx, t, what, t->fds[i]->id, t->fds[i]->type, e))
			return -1;
	}
	if (check_file(ctx, t, "its working directory", t->fs->cwd_id, FD_TYPES__REG, e) ||
	    check_file(ctx, t, "its root directory", t->fs->root_id, FD_TYPES__REG, e) ||
	    check_file(ctx, t, "its executable", t->mm->exe_file_id, FD_TYPES__UND, e))
		return -1;
	for (size_t i = 0; i < t->mm->n_vmas; i++) {
		const VmaEntry *v = t->mm->vmas[i];

		if (!(v->status & (VMA_FILE_PRIVATE | VMA_FILE_SHARED)))
			continue;
		if (check_file(ctx, t, "a mapping", v->shmid, FD_TYPES__UND, e))
			return -1;
	}
	return 0;
}

int files_check(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		const struct rtask *t = ctx->tasks[i];

		if (!t->helper && t->state != TASK_DEAD && check_task(ctx, t, e))
			return -1;
	}
	return 0;
}

const char *files_path(struct restore_ctx *ctx, uint32_t id)
{
	const struct ofile *of = files_find(ctx, id);

	return of && of->entry->reg ? of->entry->reg->name : NULL;
}

/* --- making ------------------------------------------------------------------------------------------------- */

void files_put(struct restore_ctx *ctx, uint32_t id, int fd)
{
	files_find(ctx, id)->fd = fd;
}

static int make(struct restore_ctx *ctx, struct ofile *of, struct err *e)
{
	const char *path = files_path(ctx, of->id);
	int fd;

	if (inherit_wants(ctx, of->entry) ? inherit_make(ctx, of->entry, &fd, e) :
					    of->kind->make(ctx, of->entry, &fd, e))
		return path ? err_in(e, "%s", path) : err_in(e, "file %u (%s)", of->id, of->kind->name);
	of->fd = fd;
	return 0;
}

int files_get(struct restore_ctx *ctx, uint32_t id, int *fd_ret, struct err *e)
{
	struct ofile *of = files_find(ctx, id);

	if (!of || !of->kind)
		return err_set(e, 0, "no file %u in the images that can be made", id);
	if (of->fd < 0 && make(ctx, of, e))
		return -1;
	if (of->label && file_set_label(of, e))
		return err_in(e, "file %u (%s)", of->id, of->kind->name);
	*fd_ret = of->fd;
	return 0;
}

static void close_file(struct ofile *of)
{
	if (of->fd >= 0)
		close(of->fd);
	of->fd = -1;
}

/* --- giving ------------------------------------------------------------------------------------------------- */

int files_room(struct restore_ctx *ctx, struct rtask *t, struct prog *p, uint32_t n, size_t bytes, struct err *e)
{
	if (prog_fits(p, n, bytes))
		return 0;
	if (agent_run(ctx, t, p, e))
		return -1;
	agent_begin(t, p);
	return 0;
}

/*
 * Moves the n descriptors that arrived as numbers[] to where they belong. Both are ascending and none arrives above its place,
 * so from the highest down nothing is in the way.
 */
static int place(struct restore_ctx *ctx, struct rtask *t, FdinfoEntry *const *fds, const int *numbers, size_t n,
		 struct err *e)
{
	struct prog p;

	agent_begin(t, &p);
	for (size_t i = n; i-- > 0;) {
		bool cloexec = fds[i]->flags & FD_CLOEXEC;
		int want = fds[i]->fd;

		if (numbers[i] > want)
			return err_set(e, 0, "descriptor %d cannot be had: %d was given instead", want, numbers[i]);
		if (files_room(ctx, t, &p, 2, 0, e))
			return -1;
		if (numbers[i] != want) {
			PROG(&p, SYS_dup3, numbers[i], want, cloexec ? O_CLOEXEC : 0);
			PROG(&p, SYS_close, numbers[i]);
		} else if (cloexec) {
			PROG(&p, SYS_fcntl, want, F_SETFD, FD_CLOEXEC);
		}
	}
	return p.nr ? agent_run(ctx, t, &p, e) : 0;
}

static int give_batch(struct restore_ctx *ctx, struct rtask *t, FdinfoEntry *const *fds, size_t n, struct err *e)
{
	int ours[CHAN_MAX], numbers[CHAN_MAX];

	for (size_t i = 0; i < n; i++)
		if (files_get(ctx, fds[i]->id, &ours[i], e))
			return err_in(e, "fd %u", fds[i]->fd);
	return agent_send_fds(ctx, t, ours, n, numbers, e) || place(ctx, t, fds, numbers, n, e) ? -1 : 0;
}

/* What only a task that has all its descriptors can do. */
static int finish_table(struct restore_ctx *ctx, struct rtask *t, struct prog *p, struct err *e)
{
	for (size_t i = 0; i < t->nr_fds; i++) {
		const struct ofile *of = files_find(ctx, t->fds[i]->id);

		if (of->kind->finish && of->kind->finish(ctx, t, t->fds[i], of->entry, p, e))
			return err_in(e, "fd %u (%s)", t->fds[i]->fd, of->kind->name);
		if (of->signals && file_set_async(ctx, t, t->fds[i], of->entry, p, e))
			return -1;
	}
	return 0;
}

static int finish_task(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	struct prog p;

	agent_begin(t, &p);
	if ((t->table_of == t && finish_table(ctx, t, &p, e)) || locks_take(ctx, t, &p, e))
		return -1;
	return p.nr ? agent_run(ctx, t, &p, e) : 0;
}

int files_give(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	size_t nr = t->table_of == t ? t->nr_fds : 0;

	for (size_t i = 0; i < nr; i += CHAN_MAX)
		if (give_batch(ctx, t, t->fds + i, nr - i < CHAN_MAX ? nr - i : CHAN_MAX, e))
			return err_in(e, "pid %d", t->pid);
	if (finish_task(ctx, t, e))
		return err_in(e, "pid %d", t->pid);
	for (size_t i = 0; i < nr; i++) {
		struct ofile *of = files_find(ctx, t->fds[i]->id);

		if (!--of->users && !of->signals)
			close_file(of);
	}
	return 0;
}

/* --- directories -------------------------------------------------------------------------------------------- */

int files_set_fs(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	const char *root = files_path(ctx, t->fs->root_id);
	int ours[2], there[2];
	struct prog p;

	if (t->fs_of != t)
		return 0;
	if (files_get(ctx, t->fs->cwd_id, &ours[0], e) || files_get(ctx, t->fs->root_id, &ours[1], e) ||
	    agent_send_fds(ctx, t, ours, 2, there, e))
		return err_in(e, "pid %d", t->pid);
	agent_begin(t, &p);
	if (root && strcmp(root, "/")) {
		PROG(&p, SYS_fchdir, there[1]);
		PROG(&p, SYS_chroot, prog_str(&p, "."));
	}
	PROG(&p, SYS_fchdir, there[0]);
	PROG(&p, SYS_close, there[0]);
	PROG(&p, SYS_close, there[1]);
	return agent_run(ctx, t, &p, e);
}

/* --- the end ------------------------------------------------------------------------------------------------ */

int files_finish_all(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;

	if (locks_break_leases(ctx, e))
		return -1;
	for (size_t i = 0; i < fs->nr; i++)
		if (fs->list[i].signals && fs->list[i].fd >= 0 && file_set_owner(&fs->list[i], e))
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->settle && kinds[i]->settle(ctx, e))
			return err_in(e, "%s", kinds[i]->name);
	inherit_end(ctx);
	/* From here on the tasks alone hold their files: a reader must see the end of file when the last writer goes. */
	for (size_t i = 0; i < fs->nr; i++)
		close_file(&fs->list[i]);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->closed && kinds[i]->closed(ctx, e))
			return err_in(e, "%s", kinds[i]->name);
	return 0;
}

void files_free(struct restore_ctx *ctx)
{
	struct files *fs = ctx->files;

	if (!fs)
		return;
	for (size_t i = 0; i < fs->nr; i++)
		close_file(&fs->list[i]);
	for (size_t i = 0; i < fs->nr_messages; i++)
		img_free(fs->messages[i]);
	ctx->files = NULL;
}
