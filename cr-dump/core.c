// SPDX-License-Identifier: GPL-2.0-only
/* The images that tie a task together: core (one a thread), ids (what is shared), pstree; and those that belong to the tree. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <time.h>

#include "cr-dump/ahead.h"
#include "cr-dump/arch/cpu.h"
#include "cr-dump/task.h"
#include "cr-dump/team.h"
#include "pstree.pb-c.h"
#include "timens.pb-c.h"

#define TOOL_ID	      1 /* of the tool's own memory, files and so on, to which the inventory's root_ids refer */
#define FIRST_TASK_ID 2
#define MANY_IMAGES   8 /* worth a thread */
#define ROOT_CG_SET   1 /* all tasks are in the control groups of the root task */

CoreEntry *core_of(struct dump_ctx *ctx, struct task *t, struct thread *th)
{
	if (th->core)
		return th->core;
	th->core = POOL_MSG(&ctx->pool, CoreEntry, core_entry);
	cpu_core_begin(ctx, th->core);
	th->core->thread_core = POOL_MSG(&ctx->pool, ThreadCoreEntry, thread_core_entry);
	PB_SET(th->core->thread_core, cg_set, ROOT_CG_SET);
	if (th == &t->threads[0]) {
		th->core->tc = POOL_MSG(&ctx->pool, TaskCoreEntry, task_core_entry);
		th->core->tc->task_state = t->state;
		if (t->state == TASK_STOPPED)
			PB_SET(th->core->tc, stop_signo, th->tr.stop_signo);
	}
	return th->core;
}

bool peek(pid_t tid, uint64_t addr, void *buf, size_t size)
{
	for (size_t at = 0; at < size; at += sizeof(long)) {
		size_t n = size - at < sizeof(long) ? size - at : sizeof(long);
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, tid, addr + at, 0);
		if (errno)
			return false;
		memcpy((char *)buf + at, &word, n);
	}
	return true;
}

uint64_t stat_field(const char *stat, unsigned int nr)
{
	const char *p = strrchr(stat, ')'); /* the name, field 2, may hold anything */

	for (unsigned int i = 2; p && i < nr; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* --- namespaces --------------------------------------------------------------------------------------------- */

/*
 * A namespace of its own takes images of its own; until then all of the tree's are those of the tool, which get these numbers.
 * In the order of ahead_ns.
 */
static const struct namespace
{
	const char *text;
	uint32_t id;
}
namespaces[AHEAD_NR_NS] = {
	{ "pid namespace", 1 },
	{ "network namespace", 2 },
	{ "IPC namespace", 3 },
	{ "UTS namespace", 4 },
	{ "time namespace", 5 },
	{ "mount namespace", 6 },
	{ "user namespace", 7 },
	{ "cgroup namespace", 8 },
	{ "pid namespace for its children", 1 },
	{ "time namespace for its children", 5 },
};

static int core_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	const char *ours = ahead_own_ns(ctx);
	char *its;

	if (ahead_get(ctx, t, 0, AHEAD_NS, &its, NULL, e))
		return -1;
	for (size_t i = 0; i < AHEAD_NR_NS; i++) {
		size_t n = strcspn(ours, "\n"), m = strcspn(its, "\n");

		if (n != m || memcmp(ours, its, n))
			refuse(ctx, t,
			       "this version dumps trees that share all namespaces with cr-dump; run it in the same ones",
			       "it has another %s (%s is \"%.*s\")", namespaces[i].text, ahead_ns[i], (int)m, its);
		ours += n + 1;
		its += m + 1;
	}
	return 0;
}

/* --- writing ------------------------------------------------------------------------------------------------ */

static int core_save_thread(struct dump_ctx *ctx, struct task *t, struct thread *th, uint32_t at, struct err *e)
{
	return restart_save(t, th, e);
}

static uint32_t ns_id(const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (!strcmp(ahead_ns[i], file))
			return namespaces[i].id;
	return 0;
}

/* Everybody is in the namespaces of the tool. */
static void init_ids(TaskKobjIdsEntry *ids, uint32_t own, uint32_t files, uint32_t fs)
{
	task_kobj_ids_entry__init(ids);
	ids->vm_id = ids->sighand_id = own;
	ids->files_id = files;
	ids->fs_id = fs;
	PB_SET(ids, pid_ns_id, ns_id("ns/pid"));
	PB_SET(ids, net_ns_id, ns_id("ns/net"));
	PB_SET(ids, ipc_ns_id, ns_id("ns/ipc"));
	PB_SET(ids, uts_ns_id, ns_id("ns/uts"));
	PB_SET(ids, mnt_ns_id, ns_id("ns/mnt"));
	PB_SET(ids, user_ns_id, ns_id("ns/user"));
	PB_SET(ids, cgroup_ns_id, ns_id("ns/cgroup"));
	PB_SET(ids, time_ns_id, ns_id("ns/time"));
}

/* Memory and signal actions are never shared between the tasks that we dump, so the number of the task does for both. */
static int write_ids(struct dump_ctx *ctx, const struct task *t, uint32_t own, struct err *e)
{
	TaskKobjIdsEntry ids;

	init_ids(&ids, own, t->files_id, t->fs_id);
	return img_write_one(ctx->images_fd, IMG_IDS, t->pid, &ids.base, e);
}

int leader_comm(struct dump_ctx *ctx, const struct task *t, char **ret, struct err *e)
{
	char path[32];
	size_t len;

	snprintf(path, sizeof(path), "task/%d/comm", t->pid);
	if (proc_read(ctx, t, path, ret, &len, e))
		return -1;
	if (len)
		(*ret)[len - 1] = '\0'; /* a line end, which a name may hold as well */
	return 0;
}

static int look_dead(struct dump_ctx *ctx, struct task *t, TaskCoreEntry **ret, struct err *e)
{
	TaskCoreEntry *tc = POOL_MSG(&ctx->pool, TaskCoreEntry, task_core_entry);

	if (leader_comm(ctx, t, &tc->comm, e))
		return -1;
	tc->task_state = TASK_DEAD;
	tc->exit_code = t->exit_code;
	if (has_exit_signal(t))
		PB_SET(tc, exit_signal, t->exit_signal);
	*ret = tc;
	return 0;
}

/* One image of a task: of each thread, of its ids. There may be hundreds, so they are written by all CPUs. */
struct core_job {
	struct task *t;
	struct thread *th;
	uint32_t own_id; /* of the task, with its first one */
	CoreEntry core;	 /* of a dead one */
};

struct writing {
	struct dump_ctx *ctx;
	struct core_job *jobs;
	size_t nr;
};

static int write_job(void *arg, size_t i, char **scratch, struct err *e)
{
	const struct writing *w = arg;
	const struct core_job *j = &w->jobs[i];

	if (!j->th)
		return img_write_one(w->ctx->images_fd, IMG_CORE, j->t->pid, &j->core.base, e);
	if (img_write_one(w->ctx->images_fd, IMG_CORE, j->th->tr.tid, &j->th->core->base, e))
		return -1;
	return j->own_id ? write_ids(w->ctx, j->t, j->own_id, e) : 0;
}

static int write_cores(struct dump_ctx *ctx, struct err *e)
{
	struct writing w = { .ctx = ctx };

	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct task *t = ctx->tasks[i];

		if (t->ended)
			*POOL_PUSH(&ctx->pool, w.jobs, w.nr) = (struct core_job){ t, t->ended, 0, CORE_ENTRY__INIT };
		for (unsigned int j = 0; j < t->nr_threads; j++)
			*POOL_PUSH(&ctx->pool, w.jobs, w.nr) =
				(struct core_job){ t, &t->threads[j], j ? 0 : FIRST_TASK_ID + i, CORE_ENTRY__INIT };
		if (t->state != TASK_DEAD)
			continue;
		*POOL_PUSH(&ctx->pool, w.jobs, w.nr) = (struct core_job){ t, NULL, 0, CORE_ENTRY__INIT };
		w.jobs[w.nr - 1].core.mtype = ctx->tasks[0]->threads[0].core->mtype;
		if (look_dead(ctx, t, &w.jobs[w.nr - 1].core.tc, e))
			return -1;
	}
	return parallel(w.nr, w.nr >= MANY_IMAGES, write_job, &w, e);
}

static int put_tree_entry(struct dump_ctx *ctx, struct img_writer *w, const struct task *t, struct err *e)
{
	_cleanup_free_ uint32_t *tids = calloc(t->nr_threads + 1, sizeof(*tids));
	PstreeEntry entry;

	if (!tids)
		return err_nomem(e, "the thread ids of a task");
	pstree_entry__init(&entry);
	entry.pid = t->pid;
	entry.ppid = t->ppid;
	entry.pgid = t->pgid;
	entry.sid = t->sid;
	entry.threads = tids;
	if (t->ended)
		tids[entry.n_threads++] = t->pid;
	for (unsigned int i = 0; i < t->nr_threads; i++)
		tids[entry.n_threads++] = t->threads[i].tr.tid;
	if (!entry.n_threads)
		entry.n_threads = 1; /* a zombie has one, number 0 */
	return img_put(w, &entry.base, e);
}

static int write_tree(struct dump_ctx *ctx, struct err *e)
{
	_cleanup_img_writer_ struct img_writer *w = NULL;

	if (img_create(ctx->images_fd, IMG_PSTREE, 0, &w, e))
		return -1;
	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (put_tree_entry(ctx, w, ctx->tasks[i], e))
			return -1;
	return img_finish(&w, e);
}

/* The clocks as the tree sees them, so that a restore elsewhere can make them go on. */
static int write_clocks(struct dump_ctx *ctx, struct err *e)
{
	Timespec mono, boot;
	TimensEntry entry;
	struct timespec ts;

	timens_entry__init(&entry);
	timespec__init(&mono);
	timespec__init(&boot);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	mono.tv_sec = ts.tv_sec;
	mono.tv_nsec = ts.tv_nsec;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	boot.tv_sec = ts.tv_sec;
	boot.tv_nsec = ts.tv_nsec;
	entry.monotonic = &mono;
	entry.boottime = &boot;
	return img_write_one(ctx->images_fd, IMG_TIMENS, 0, &entry.base, e);
}

static int core_finish(struct dump_ctx *ctx, struct err *e)
{
	ctx->root_ids = POOL_MSG(&ctx->pool, TaskKobjIdsEntry, task_kobj_ids_entry);
	init_ids(ctx->root_ids, TOOL_ID, TOOL_ID, TOOL_ID);
	return write_cores(ctx, e) || write_tree(ctx, e) || write_clocks(ctx, e) ? -1 : 0;
}

const struct dump_part dump_core = {
	.name = "core",
	.look = core_look,
	.save_thread = core_save_thread,
	.finish = core_finish,
};
