// SPDX-License-Identifier: GPL-2.0-only
/* The address space of a task: its boundaries, its auxiliary vector, its executable; mappings are in vma.c, pages in pages.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/kernel.h"
#include "cr-dump/ahead.h"
#include "cr-dump/task.h"
#include "cr-dump/team.h"
#include "cr-dump/vma.h"

#define AUXV_MAX   1024 /* the kernel's has some 400 bytes */
#define MANY_TASKS 8	/* worth a thread */

/* Fields of /proc/PID/stat, see proc(5). */
enum {
	STAT_FLAGS = 9,
	STAT_START_CODE = 26,
	STAT_END_CODE = 27,
	STAT_START_STACK = 28,
	STAT_START_DATA = 45,
	STAT_END_DATA = 46,
	STAT_START_BRK = 47,
	STAT_ARG_START = 48,
	STAT_ARG_END = 49,
	STAT_ENV_START = 50,
	STAT_ENV_END = 51,
};

static int look_stat(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	char *stat;

	if (ahead_get(ctx, t, 0, AHEAD_STAT, &stat, NULL, e))
		return -1;
	t->mm->mm_start_code = stat_field(stat, STAT_START_CODE);
	t->mm->mm_end_code = stat_field(stat, STAT_END_CODE);
	t->mm->mm_start_stack = stat_field(stat, STAT_START_STACK);
	t->mm->mm_start_data = stat_field(stat, STAT_START_DATA);
	t->mm->mm_end_data = stat_field(stat, STAT_END_DATA);
	t->mm->mm_start_brk = stat_field(stat, STAT_START_BRK);
	t->mm->mm_arg_start = stat_field(stat, STAT_ARG_START);
	t->mm->mm_arg_end = stat_field(stat, STAT_ARG_END);
	t->mm->mm_env_start = stat_field(stat, STAT_ENV_START);
	t->mm->mm_env_end = stat_field(stat, STAT_ENV_END);
	core_of(ctx, t, &t->threads[0])->tc->flags =
		stat_field(stat, STAT_FLAGS); /* here because the file is read here */
	return 0;
}

/* The executable is nearly always mapped, and then known already. */
static bool is_mapped_file(const struct task *t, const char *path, uint32_t *id_ret)
{
	for (size_t i = 0; i < t->nr_vmas; i++) {
		const struct vma *v = &t->vmas[i];

		if (v->start > t->mm->mm_start_code || v->end <= t->mm->mm_start_code)
			continue;
		if (strcmp(v->path, path) || !(v->entry->status & VMA_FILE_PRIVATE) || v->entry->fdflags != O_RDONLY)
			return false;
		*id_ret = v->entry->shmid;
		return true;
	}
	return false;
}

static int look_exe(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	char *path;
	bool sealed;

	if (ahead_get(ctx, t, 0, AHEAD_EXE, &path, NULL, e))
		return -1;
	if (is_mapped_file(t, path, &t->mm->exe_file_id))
		return 0;
	if (!strncmp(path, "/memfd:", 7) && strstr(path, " (deleted)"))
		return memfd_file(ctx, t, "exe", &t->mm->exe_file_id, &sealed, e);
	_cleanup_close_ int fd = openat(t->procfd, "exe", O_PATH | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "cannot open the executable /proc/%d/exe", t->tid);
	return files_add_path(ctx, t, fd, "exe", O_RDONLY, "executable", &t->mm->exe_file_id, e);
}

/* kcmp(2) orders objects, so the tasks seen so far are kept sorted and few comparisons are needed. */
static int check_unshared(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	struct shmems *s = shmems_of(ctx);
	size_t low = 0, high = s->nr_spaces;

	if (same_outside(ctx, t, KCMP_VM, "memory", e))
		return -1;
	while (low < high) {
		size_t mid = (low + high) / 2;
		long order = syscall(SYS_kcmp, t->tid, s->spaces[mid]->tid, KCMP_VM, 0, 0);

		if (order < 0)
			return err_set(e, errno, "cannot compare the memory of processes %d and %d", t->pid,
				       s->spaces[mid]->pid);
		if (!order) {
			refuse(ctx, t, "it was made by vfork(2), or by clone(2) with CLONE_VM and without CLONE_THREAD",
			       "it shares its memory with process %d", s->spaces[mid]->pid);
			return 0;
		}
		if (order == 1)
			high = mid;
		else
			low = mid + 1;
	}
	POOL_PUSH(&ctx->pool, s->spaces, s->nr_spaces);
	memmove(&s->spaces[low + 1], &s->spaces[low], (s->nr_spaces - 1 - low) * sizeof(*s->spaces));
	s->spaces[low] = t;
	return 0;
}

static int mm_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	t->mm = POOL_MSG(&ctx->pool, MmEntry, mm_entry);
	if (look_stat(ctx, t, e) || vmas_look(ctx, t, e) || look_exe(ctx, t, e))
		return -1;
	t->mm->vmas = pool_alloc(&ctx->pool, t->nr_vmas * sizeof(*t->mm->vmas));
	for (size_t i = 0; i < t->nr_vmas; i++)
		t->mm->vmas[t->mm->n_vmas++] = t->vmas[i].entry;
	return check_unshared(ctx, t, e);
}

enum { ASK_BRK, ASK_DUMPABLE, ASK_AUXV, ASK_THP };

static void mm_ask(struct dump_ctx *ctx, struct task *t, struct prog *p)
{
	PROG(p, SYS_brk, 0);
	PROG(p, SYS_prctl, PR_GET_DUMPABLE);
	PROG(p, SYS_prctl, KERNEL_PR_GET_AUXV, prog_room(p, AUXV_MAX, NULL), AUXV_MAX);
	prog_any(p); /* Linux 6.4 */
	PROG(p, SYS_prctl, PR_GET_THP_DISABLE);
	prog_any(p); /* a kernel may lack it */
}

/* Pairs of type and value; the end mark is left out. */
static int save_auxv(struct dump_ctx *ctx, struct task *t, const uint64_t *auxv, size_t len, struct err *e)
{
	size_t n = 0;

	if (len > AUXV_MAX)
		return err_set(e, 0, "the auxiliary vector has %zu bytes, %d were expected at most", len, AUXV_MAX);
	while ((n + 2) * sizeof(*auxv) <= len && auxv[n] != AT_NULL)
		n += 2;
	t->mm->mm_saved_auxv = pool_copy(&ctx->pool, auxv, n * sizeof(*auxv));
	t->mm->n_mm_saved_auxv = n;
	return 0;
}

/* Where the process itself cannot ask for it. */
static int read_auxv(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	size_t len;
	char *auxv;

	if (proc_read(ctx, t, "auxv", &auxv, &len, e))
		return -1;
	return save_auxv(ctx, t, (const uint64_t *)auxv, len, e);
}

static int mm_save(struct dump_ctx *ctx, struct task *t, uint32_t at, struct err *e)
{
	const struct prog *p = &t->threads[0].prog;

	t->mm->mm_brk = prog_result(p, at + ASK_BRK);
	PB_SET(t->mm, dumpable, prog_result(p, at + ASK_DUMPABLE));
	PB_SET(t->mm, thp_disabled, prog_result(p, at + ASK_THP) > 0);
	if (prog_result(p, at + ASK_THP) > 1)
		PB_SET(t->mm, thp_disable, prog_result(p, at + ASK_THP));
	if (prog_result(p, at + ASK_AUXV) < 0)
		return read_auxv(ctx, t, e);
	return save_auxv(ctx, t, answer(p, at + ASK_AUXV, 1), prog_result(p, at + ASK_AUXV), e);
}

static int write_one(void *arg, size_t i, char **scratch, struct err *e)
{
	const struct dump_ctx *ctx = arg;
	const struct task *t = ctx->tasks[i];

	return t->state == TASK_DEAD ? 0 : img_write_one(ctx->images_fd, IMG_MM, t->pid, &t->mm->base, e);
}

static int mm_finish(struct dump_ctx *ctx, struct err *e)
{
	return sysv_write(ctx, e) || pages_dump(ctx, e) ||
			       parallel(ctx->nr_tasks, ctx->nr_tasks >= MANY_TASKS, write_one, ctx, e) ?
		       -1 :
		       0;
}

const struct dump_part dump_mm = {
	.name = "memory",
	.look = mm_look,
	.looked = sysv_looked,
	.ask = mm_ask,
	.save = mm_save,
	.finish = mm_finish,
};
