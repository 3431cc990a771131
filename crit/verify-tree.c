// SPDX-License-Identifier: GPL-2.0-only
/* crit verify: the inventory, the tree of tasks, and the images that each task needs. */
#include <string.h>

#include "crit/verify.h"

/* For what is wrong with images that are not there. */
static const struct image no_inventory = { .name = "inventory.img" }, no_tree = { .name = "pstree.img" };

/* Images of tasks without a tree; a pre-dump has pages only. */
static bool is_pre_dump(const struct verify *v)
{
	static const enum img_id of_tasks[] = { IMG_CORE, IMG_MM, IMG_FILES, IMG_FDINFO, IMG_FS, IMG_IDS };

	for (size_t i = 0; i < v->im.nr; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(of_tasks); k++) {
			if (v->im.list[i].type->id == of_tasks[k])
				return false;
		}
	}
	return v->im.nr > 1;
}

void check_inventory(struct verify *v)
{
	const struct image *i = images_find(&v->im, IMG_INVENTORY, 0);
	const InventoryEntry *inventory = images_one(&v->im, IMG_INVENTORY, 0);
	const struct image *tree = images_find(&v->im, IMG_PSTREE, 0);

	if (!i)
		found(v, &no_inventory, 0, "", "missing: the dump was not finished");
	else if (!inventory && !i->bad)
		found(v, i, 0, "", "the image has no record");
	else if (inventory && (inventory->img_version < 1 || inventory->img_version > IMG_VERSION))
		found(v, i, 1, "img_version", "version %u is unknown", inventory->img_version);
	if (!tree && !is_pre_dump(v))
		found(v, &no_tree, 0, "", "missing: there is no tree of tasks");
	else if (tree && !tree->nr && !tree->bad)
		found(v, tree, 0, "", "there is no task");
}

/* --- processes -------------------------------------------------------------------------------------------------- */

static const struct task *task_of(const struct verify *v, uint32_t space, uint32_t pid)
{
	const uint32_t *n = map_get(&v->map, space, pid);

	if (!n && space == SPACE_THREAD) /* a dead task has no thread of its name */
		n = map_get(&v->map, SPACE_TASK, pid);
	return n ? &v->tasks[*n] : NULL;
}

/* The number of tasks above a task; SIZE_MAX when the way up ends nowhere or in a circle. Each is walked once. */
static size_t height(const struct verify *v, size_t n, size_t *known_heights)
{
	size_t up = n, steps = 0, top;

	while (!known_heights[up] && v->tasks[up].entry->ppid && steps <= v->nr_tasks) {
		const struct task *parent = task_of(v, SPACE_TASK, v->tasks[up].entry->ppid);

		if (!parent)
			break;
		up = (size_t)(parent - v->tasks);
		steps++;
	}
	top = known_heights[up] ? known_heights[up] : steps > v->nr_tasks ? SIZE_MAX : 1;
	while (!known_heights[n]) {
		const struct task *parent = task_of(v, SPACE_TASK, v->tasks[n].entry->ppid);

		known_heights[n] = top == SIZE_MAX ? SIZE_MAX : top + steps--;
		if (n == up || !parent)
			break;
		n = (size_t)(parent - v->tasks);
	}
	return top;
}

/* One root, every other task has its parent in the tree, and no task is its own ancestor. */
void check_tree(struct verify *v)
{
	_cleanup_free_ size_t *heights = calloc(v->nr_tasks + 1, sizeof(*heights));
	size_t roots = 0;

	for (size_t i = 0; heights && i < v->nr_tasks; i++) {
		const struct task *t = &v->tasks[i];

		if (!t->entry->pid)
			found(v, t->image, t->record, "pid", "a task cannot have the pid 0");
		if (!t->entry->ppid && roots++)
			found(v, t->image, t->record, "ppid", "task %u is a second root of the tree", t->entry->pid);
		else if (t->entry->ppid && !task_of(v, SPACE_TASK, t->entry->ppid))
			found(v, t->image, t->record, "ppid", "the parent of task %u, %u, is no task", t->entry->pid,
			      t->entry->ppid);
		else if (height(v, i, heights) == SIZE_MAX)
			found(v, t->image, t->record, "ppid", "no way leads from task %u up to the root",
			      t->entry->pid);
	}
}

static void check_session(struct verify *v, const struct task *t, struct map *sessions)
{
	const PstreeEntry *p = t->entry;
	const struct task *leader = task_of(v, SPACE_THREAD, p->sid);
	const uint32_t *sid;

	if (p->sid && leader && (leader->entry->pid != p->sid || leader->entry->sid != p->sid))
		found(v, t->image, t->record, "sid", "session %u: %s %u leads no session", p->sid,
		      leader->entry->pid == p->sid ? "task" : "thread", p->sid);
	if (p->sid == p->pid && p->pgid != p->pid)
		found(v, t->image, t->record, "pgid", "task %u leads a session, so its group is %u, not %u", p->pid,
		      p->pid, p->pgid);
	leader = task_of(v, SPACE_THREAD, p->pgid);
	if (p->pgid && leader && leader->entry->pid != p->pgid)
		found(v, t->image, t->record, "pgid", "group %u: thread %u cannot lead one", p->pgid, p->pgid);
	if (!p->pgid || map_put(sessions, SPACE_TASK, p->pgid, p->sid))
		return;
	sid = map_get(sessions, SPACE_TASK, p->pgid);
	if (sid && *sid != p->sid)
		found(v, t->image, t->record, "pgid", "group %u is in session %u and in session %u", p->pgid, *sid,
		      p->sid);
}

/* A session or group whose leader is gone, or is outside of the tree, is fine: but not one led by what cannot lead. */
void check_sessions(struct verify *v)
{
	struct map sessions = { 0 };

	for (size_t i = 0; i < v->nr_tasks; i++)
		check_session(v, &v->tasks[i], &sessions);
	map_free(&sessions);
}

/* --- threads ---------------------------------------------------------------------------------------------------- */

static void check_thread(struct verify *v, const struct task *t, size_t n)
{
	const struct image *i = images_find(&v->im, IMG_CORE, t->entry->threads[n]);
	const CoreEntry *core = images_one(&v->im, IMG_CORE, t->entry->threads[n]);
	const ThreadCoreEntry *th;

	if (n)
		want_image(v, t->image, t->record, "threads", IMG_CORE, t->entry->threads[n]);
	if (!core || !t->alive)
		return;
	if (t->core && core->mtype != t->core->mtype)
		found(v, i, 1, "mtype", "another architecture than that of core-%u.img", t->entry->pid);
	th = core->thread_core;
	if (!th) {
		found(v, i, 1, "thread_core", "missing");
		return;
	}
	if (th->has_restart_nr && th->restart_nr > 1023)
		found(v, i, 1, "thread_core.restart_nr", "there is no system call %u", th->restart_nr);
	if (th->has_restart_left_ns && !th->has_restart_nr)
		found(v, i, 1, "thread_core.restart_left_ns", "there is no system call that it belongs to");
	if (th->has_cpu_affinity) {
		bool any = false;

		for (size_t k = 0; k < th->cpu_affinity.len; k++)
			any |= th->cpu_affinity.data[k] != 0;
		if (!any)
			found(v, i, 1, "thread_core.cpu_affinity", "no CPU is allowed");
	}
}

/* Every thread has its core image, the leader's says what the task is. */
void check_threads(struct verify *v)
{
	for (size_t i = 0; i < v->nr_tasks; i++) {
		const struct task *t = &v->tasks[i];
		const struct image *core = images_find(&v->im, IMG_CORE, t->entry->pid);

		want_image(v, t->image, t->record, "pid", IMG_CORE, t->entry->pid);
		if (core && t->core && !t->core->tc)
			found(v, core, 1, "tc", "missing, but %u is a task", t->entry->pid);
		if (t->alive && t->core->tc->leader_ended && t->entry->n_threads < 2)
			found(v, core, 1, "tc.leader_ended", "it is the only thread of a living task");
		if (t->alive && (!t->entry->n_threads || t->entry->threads[0] != t->entry->pid))
			found(v, t->image, t->record, "threads", "the first thread of task %u is not its leader",
			      t->entry->pid);
		for (size_t k = 0; k < t->entry->n_threads; k++)
			check_thread(v, t, k);
	}
}

/* --- the images of a task ------------------------------------------------------------------------------------------- */

/* Tasks that share an object need its image once. */
static void note_shared(struct verify *v, struct map *there, const struct task *t)
{
	if (have_image(v, IMG_MM, t->entry->pid))
		map_put(there, IMG_MM, t->ids->vm_id, 0);
	if (have_image(v, IMG_FS, t->entry->pid))
		map_put(there, IMG_FS, t->ids->fs_id, 0);
}

static void check_task(struct verify *v, const struct task *t, const struct map *shared)
{
	uint32_t pid = t->entry->pid;

	if (!t->ids || !map_get(shared, IMG_MM, t->ids->vm_id))
		want_image(v, t->image, t->record, "pid", IMG_MM, pid);
	if (!t->ids || !map_get(shared, IMG_FS, t->ids->fs_id))
		want_image(v, t->image, t->record, "pid", IMG_FS, pid);
	if (have_image(v, IMG_MM, pid))
		want_image(v, t->image, t->record, "pid", IMG_PAGEMAP, pid);
	want_image(v, t->image, t->record, t->ids ? "ids.files_id" : "pid", IMG_FDINFO, t->files_id);
}

/* Images of a task that the tree does not have: of an earlier dump, or the tree has lost one. */
static void check_strays(struct verify *v)
{
	static const enum img_id of_tasks[] = { IMG_CORE, IMG_MM, IMG_FS, IMG_IDS, IMG_PAGEMAP };
	const struct image *tree = images_find(&v->im, IMG_PSTREE, 0);

	for (size_t i = 0; tree && !tree->bad && i < v->im.nr; i++) {
		const struct image *im = &v->im.list[i];

		for (size_t k = 0; k < ARRAY_SIZE(of_tasks); k++) {
			if (im->type->id == of_tasks[k] && !known(v, SPACE_TASK, im->key) &&
			    !(im->type->id == IMG_CORE && known(v, SPACE_THREAD, im->key)))
				found(v, im, 0, "", "there is no %s %lu in the tree",
				      im->type->id == IMG_CORE ? "thread" : "task", im->key);
		}
	}
}

void check_task_images(struct verify *v)
{
	struct map shared = { 0 };

	for (size_t i = 0; i < v->nr_tasks; i++) {
		if (v->tasks[i].ids)
			note_shared(v, &shared, &v->tasks[i]);
	}
	for (size_t i = 0; i < v->nr_tasks; i++) {
		if (v->tasks[i].alive)
			check_task(v, &v->tasks[i], &shared);
	}
	map_free(&shared);
	check_strays(v);
}

/* --- filters and control groups ------------------------------------------------------------------------------------ */

static void check_filter(struct verify *v, const struct image *i, const ThreadCoreEntry *th, size_t nr)
{
	if (th->has_seccomp_filter && th->seccomp_mode == SECCOMP_MODE__filter && th->seccomp_filter >= nr)
		found(v, i, 1, "thread_core.seccomp_filter", "filter %u of %zu in seccomp.img", th->seccomp_filter, nr);
}

/* A thread names its oldest filter, each filter the next one, which comes before it in the image. */
void check_seccomp(struct verify *v)
{
	const struct image *i = images_find(&v->im, IMG_SECCOMP, 0);
	const SeccompEntry *s = images_one(&v->im, IMG_SECCOMP, 0);

	for (size_t k = 0; s && k < s->n_seccomp_filters; k++) {
		const SeccompFilter *f = s->seccomp_filters[k];

		if (f->has_prev && f->prev >= k)
			found(v, i, 1, "seccomp_filters.prev", "filter %zu follows filter %u, which is not before it",
			      k, f->prev);
		if (!f->filter.len || f->filter.len % 8)
			found(v, i, 1, "seccomp_filters.filter", "filter %zu has %zu bytes: no whole instructions", k,
			      f->filter.len);
	}
	FOR_RECORDS(v, IMG_CORE, core, m, nr)
	{
		const ThreadCoreEntry *th = ((const CoreEntry *)m)->thread_core;

		if (th && !(i && i->bad))
			check_filter(v, core, th, s ? s->n_seccomp_filters : 0);
	}
}

static void want_group(struct verify *v, const struct image *i, const char *field, uint32_t set)
{
	if (!known(v, SPACE_CGROUP, set))
		found(v, i, 1, field, "there is no set %u of control groups", set);
}

void check_groups(struct verify *v)
{
	const struct image *groups = images_find(&v->im, IMG_CGROUP, 0);

	if (!groups || groups->bad)
		return;
	FOR_RECORDS(v, IMG_CORE, i, m, nr)
	{
		const CoreEntry *core = m;

		if (core->tc && core->tc->has_cg_set)
			want_group(v, i, "tc.cg_set", core->tc->cg_set);
		if (core->thread_core && core->thread_core->has_cg_set)
			want_group(v, i, "thread_core.cg_set", core->thread_core->cg_set);
	}
}
