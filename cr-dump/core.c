// SPDX-License-Identifier: GPL-2.0-only
/* The images that tie a task together: core (one a thread), ids (what is shared), pstree; and those that belong to the tree. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cr-dump/arch/cpu.h"
#include "cr-dump/task.h"
#include "pstree.pb-c.h"
#include "seccomp.pb-c.h"
#include "timens.pb-c.h"

#define FIRST_TASK_ID 2 /* 1 are the objects of the tool itself, to which the inventory's root_ids refer */
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

int proc_number(struct task *t, const char *name, long long *ret, struct err *e)
{
	_cleanup_close_ int fd = openat(t->procfd, name, O_RDONLY | O_CLOEXEC);
	char buf[32], *end;
	ssize_t n;

	if (fd < 0)
		return err_set(e, errno, "cannot open /proc/%d/%s", t->pid, name);
	n = read(fd, buf, sizeof(buf) - 1);
	if (n < 0)
		return err_set(e, errno, "cannot read /proc/%d/%s", t->pid, name);
	buf[n] = '\0';
	*ret = strtoll(buf, &end, 0);
	if (end == buf)
		return err_set(e, 0, "/proc/%d/%s holds \"%s\", not a number", t->pid, name, buf);
	return 0;
}

uint64_t stat_field(const char *stat, unsigned int nr)
{
	const char *p = strrchr(stat, ')'); /* the name, field 2, may hold anything */

	for (unsigned int i = 2; p && i < nr; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* --- namespaces --------------------------------------------------------------------------------------------- */

/* A namespace of its own takes images of its own; until then all of the tree's are those of the tool, which get these numbers. */
static const struct namespace {
	const char *file, *text;
	uint32_t id;
} namespaces[] = {
	{ "ns/pid", "pid namespace", 1 },
	{ "ns/net", "network namespace", 2 },
	{ "ns/ipc", "IPC namespace", 3 },
	{ "ns/uts", "UTS namespace", 4 },
	{ "ns/time", "time namespace", 5 },
	{ "ns/mnt", "mount namespace", 6 },
	{ "ns/user", "user namespace", 7 },
	{ "ns/cgroup", "cgroup namespace", 8 },
	{ "ns/pid_for_children", "pid namespace for its children", 1 },
	{ "ns/time_for_children", "time namespace for its children", 5 },
};

/* "pid:[4026531836]"; empty where the kernel has no such namespaces, or where a task has none any more. */
static void ns_name(int dirfd, const char *file, char *buf, size_t size)
{
	ssize_t n = readlinkat(dirfd, file, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
}

static int core_look(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	_cleanup_close_ int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (self < 0)
		return err_set(e, errno, "cannot open /proc/self");
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		char ours[48], its[48];

		ns_name(self, namespaces[i].file, ours, sizeof(ours));
		ns_name(t->procfd, namespaces[i].file, its, sizeof(its));
		if (strcmp(ours, its))
			refuse(ctx, t, "this version dumps trees that share all namespaces with cr-dump; run it in the same ones",
			       "it has another %s (%s)", namespaces[i].text, *its ? its : "none");
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
		if (!strcmp(namespaces[i].file, file))
			return namespaces[i].id;
	return 0;
}

/* Memory and signal actions are never shared between the tasks that we dump, so the number of the task does for both. */
static int write_ids(struct dump_ctx *ctx, const struct task *t, uint32_t own, struct err *e)
{
	TaskKobjIdsEntry ids;

	task_kobj_ids_entry__init(&ids);
	ids.vm_id = own;
	ids.sighand_id = own;
	ids.files_id = t->files_id;
	ids.fs_id = t->fs_id;
	PB_SET(&ids, pid_ns_id, ns_id("ns/pid"));
	PB_SET(&ids, net_ns_id, ns_id("ns/net"));
	PB_SET(&ids, ipc_ns_id, ns_id("ns/ipc"));
	PB_SET(&ids, uts_ns_id, ns_id("ns/uts"));
	PB_SET(&ids, mnt_ns_id, ns_id("ns/mnt"));
	PB_SET(&ids, user_ns_id, ns_id("ns/user"));
	PB_SET(&ids, cgroup_ns_id, ns_id("ns/cgroup"));
	PB_SET(&ids, time_ns_id, ns_id("ns/time"));
	return img_write_one(ctx->images_fd, IMG_IDS, t->pid, &ids.base, e);
}

static int write_dead(struct dump_ctx *ctx, struct task *t, struct err *e)
{
	TaskCoreEntry *tc = POOL_MSG(&ctx->pool, TaskCoreEntry, task_core_entry);
	CoreEntry core;
	size_t len;

	if (proc_read(ctx, t, "comm", &tc->comm, &len, e))
		return -1;
	tc->comm[strcspn(tc->comm, "\n")] = '\0';
	tc->task_state = TASK_DEAD;
	tc->exit_code = t->exit_code;
	core_entry__init(&core);
	core.mtype = ctx->tasks[0]->threads[0].core->mtype;
	core.tc = tc;
	return img_write_one(ctx->images_fd, IMG_CORE, t->pid, &core.base, e);
}

static int write_task(struct dump_ctx *ctx, struct task *t, uint32_t own, struct err *e)
{
	if (t->state == TASK_DEAD)
		return write_dead(ctx, t, e);
	for (unsigned int i = 0; i < t->nr_threads; i++)
		if (img_write_one(ctx->images_fd, IMG_CORE, t->threads[i].tr.tid, &t->threads[i].core->base, e))
			return -1;
	return write_ids(ctx, t, own, e);
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
	entry.n_threads = t->nr_threads ? t->nr_threads : 1; /* a zombie has one, number 0 */
	for (unsigned int i = 0; i < t->nr_threads; i++)
		tids[i] = t->threads[i].tr.tid;
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
	SeccompEntry no_filters;

	for (size_t i = 0; i < ctx->nr_tasks; i++)
		if (write_task(ctx, ctx->tasks[i], FIRST_TASK_ID + i, e))
			return err_in(e, "pid %d", ctx->tasks[i]->pid);
	seccomp_entry__init(&no_filters);
	if (img_write_one(ctx->images_fd, IMG_SECCOMP, 0, &no_filters.base, e))
		return -1;
	return write_tree(ctx, e) || write_clocks(ctx, e) ? -1 : 0;
}

const struct dump_part dump_core = {
	.name = "core",
	.look = core_look,
	.save_thread = core_save_thread,
	.finish = core_finish,
};
