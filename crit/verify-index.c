// SPDX-License-Identifier: GPL-2.0-only
/* crit verify: the index of all objects, and that their ids are unique. */
#include <string.h>

#include "crit/verify.h"

static const TaskKobjIdsEntry *ids_of(const struct verify *v, const struct task *t)
{
	if (t->core && t->core->ids)
		return t->core->ids;
	return images_one(&v->im, IMG_IDS, t->entry->pid);
}

#define STATE_DEAD 2

static void index_tasks(struct verify *v)
{
	const InventoryEntry *inventory = images_one(&v->im, IMG_INVENTORY, 0);

	FOR_RECORDS(v, IMG_PSTREE, i, m, nr)
	{
		struct task *t = &v->tasks[v->nr_tasks];

		*t = (struct task){ .image = i, .record = nr, .entry = m };
		t->core = images_one(&v->im, IMG_CORE, t->entry->pid);
		t->alive = t->core && t->core->tc && t->core->tc->task_state != STATE_DEAD;
		t->ids = ids_of(v, t);
		/* In older images the tables are named after the task. */
		t->files_id = t->ids && (!inventory || inventory->fdinfo_per_id) ? t->ids->files_id : t->entry->pid;
		define(v, SPACE_TASK, t->entry->pid, (uint32_t)v->nr_tasks, i, nr, "pid");
		for (size_t k = 0; k < t->entry->n_threads; k++) {
			if (t->entry->threads[k])
				define(v, SPACE_THREAD, t->entry->threads[k], (uint32_t)v->nr_tasks, i, nr, "threads");
		}
		v->nr_tasks++;
	}
}

/* Which image older layouts have for a kind, and where in a file_entry today's layout has it. */
static const struct kind {
	FdTypes type;
	enum img_id old;
	size_t offset;
	const char *field;
} kinds[] = {
#define KIND(type, old, field)                                                  \
	{                                                                       \
		FD_TYPES__##type, IMG_##old, offsetof(FileEntry, field), #field \
	}
	KIND(REG, REG_FILES, reg),
	KIND(PIPE, PIPES, pipe),
	KIND(FIFO, FIFO, fifo),
	KIND(INETSK, INETSK, isk),
	KIND(UNIXSK, UNIXSK, usk),
	KIND(EVENTFD, EVENTFD_FILE, efd),
	KIND(EVENTPOLL, EVENTPOLL_FILE, epfd),
	KIND(INOTIFY, INOTIFY_FILE, ify),
	KIND(SIGNALFD, SIGNALFD, sgfd),
	KIND(PACKETSK, PACKETSK, psk),
	KIND(TTY, TTY_FILES, tty),
	KIND(FANOTIFY, FANOTIFY_FILE, ffy),
	KIND(NETLINKSK, NETLINK_SK, nlsk),
	KIND(NS, NS_FILES, nsf),
	KIND(TUNF, TUNFILE, tunf),
	KIND(EXT, EXT_FILES, ext),
	KIND(TIMERFD, TIMERFD, tfd),
	KIND(MEMFD, COUNT, memfd),
	KIND(BPFMAP, BPFMAP_FILE, bpf),
	KIND(PIDFD, PIDFD, pidfd),
#undef KIND
};

static void add_file(struct verify *v, const struct file *f)
{
	define(v, SPACE_FILE + f->type, f->id, (uint32_t)v->nr_files, f->image, f->record, "id");
	map_put(&v->map, SPACE_ANY_FILE, f->id, (uint32_t)v->nr_files);
	v->files[v->nr_files++] = *f;
}

static void add_entry(struct verify *v, const FileEntry *entry, const struct image *i, size_t record)
{
	struct file f = { .type = entry->type, .id = entry->id, .field = "", .image = i, .record = record };

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (kinds[k].type == entry->type) {
			f.entry = *(ProtobufCMessage *const *)((const char *)entry + kinds[k].offset);
			f.field = kinds[k].field;
		}
	}
	add_file(v, &f);
}

/* Every kind's message begins with its id. */
static uint32_t id_of(const ProtobufCMessage *m)
{
	return *(const uint32_t *)((const char *)m + m->descriptor->fields[0].offset);
}

static void index_files(struct verify *v)
{
	FOR_RECORDS(v, IMG_FILES, i, m, nr)
	add_entry(v, m, i, nr);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		FOR_RECORDS(v, kinds[k].old, i, m, nr)
		{
			struct file f = { .type = kinds[k].type, .id = id_of(m), .field = "", .entry = m, .image = i };

			f.record = nr;
			add_file(v, &f);
		}
	}
}

void verify_index(struct verify *v)
{
	const struct image *i = images_find(&v->im, IMG_PSTREE, 0);
	size_t files = 0;

	for (size_t n = 0; n < v->im.nr; n++)
		files += v->im.list[n].type->id == IMG_PSTREE ? 0 : v->im.list[n].nr;
	v->tasks = calloc((i ? i->nr : 0) + 1, sizeof(*v->tasks));
	v->files = calloc(files + 1, sizeof(*v->files));
	if (!v->tasks || !v->files) {
		v->failed = true;
		err_nomem(v->e, "the index of a checkpoint");
		return;
	}
	index_tasks(v);
	index_files(v);
}

static void file_ids(struct verify *v, const struct file *f)
{
	if (!f->entry)
		return;
	switch (f->type) {
	case FD_TYPES__PIPE:
		map_put(&v->map, SPACE_PIPE, ((const PipeEntry *)f->entry)->pipe_id, 0);
		break;
	case FD_TYPES__FIFO:
		map_put(&v->map, SPACE_FIFO, ((const FifoEntry *)f->entry)->pipe_id, 0);
		break;
	case FD_TYPES__UNIXSK:
		define(v, SPACE_UNIX, ((const UnixSkEntry *)f->entry)->ino, f->id, f->image, f->record, "usk.ino");
		break;
	case FD_TYPES__INETSK:
		define(v, SPACE_INET, ((const InetSkEntry *)f->entry)->ino, f->id, f->image, f->record, "isk.ino");
		break;
	case FD_TYPES__BPFMAP:
		map_put(&v->map, SPACE_BPFMAP, ((const BpfmapFileEntry *)f->entry)->map_id, 0);
		break;
	default:
		break;
	}
}

static void namespace_ids(struct verify *v, const TaskKobjIdsEntry *ids)
{
	const uint32_t all[] = { ids->pid_ns_id, ids->net_ns_id,  ids->ipc_ns_id,    ids->uts_ns_id,
				 ids->mnt_ns_id, ids->user_ns_id, ids->cgroup_ns_id, ids->time_ns_id };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i])
			map_put(&v->map, SPACE_NS, all[i], 0);
	}
}

/* What has an id, and that no two things have the same. */
void check_ids(struct verify *v)
{
	const InventoryEntry *inventory = images_one(&v->im, IMG_INVENTORY, 0);
	const CgroupEntry *cg = images_one(&v->im, IMG_CGROUP, 0);

	for (size_t i = 0; i < v->nr_files; i++)
		file_ids(v, &v->files[i]);
	FOR_RECORDS(v, IMG_TTY_INFO, i, m, nr)
	define(v, SPACE_TTY, ((const TtyInfoEntry *)m)->id, 0, i, nr, "id");
	FOR_RECORDS(v, IMG_MEMFD_INODE, i, m, nr)
	define(v, SPACE_MEMFD, ((const MemfdInodeEntry *)m)->inode_id, (uint32_t)nr, i, nr, "inode_id");
	FOR_RECORDS(v, IMG_MNTS, i, m, nr)
	define(v, SPACE_MOUNT, ((const MntEntry *)m)->mnt_id, (uint32_t)nr, i, nr, "mnt_id");
	FOR_RECORDS(v, IMG_IPCNS_SHM, i, m, nr)
	{
		if (((const IpcShmEntry *)m)->desc)
			map_put(&v->map, SPACE_SHM, ((const IpcShmEntry *)m)->desc->id, (uint32_t)nr);
	}
	if (inventory && inventory->root_ids)
		namespace_ids(v, inventory->root_ids);
	for (size_t i = 0; i < v->nr_tasks; i++) {
		if (v->tasks[i].ids)
			namespace_ids(v, v->tasks[i].ids);
	}
	if (inventory && inventory->has_root_cg_set)
		map_put(&v->map, SPACE_CGROUP, inventory->root_cg_set, 0);
	for (size_t i = 0; cg && i < cg->n_sets; i++)
		map_put(&v->map, SPACE_CGROUP, cg->sets[i]->id, 0);
}
