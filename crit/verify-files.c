// SPDX-License-Identifier: GPL-2.0-only
/* crit verify: open files, descriptor tables, and what is kept beside them. */
#include <string.h>

#include "crit/verify.h"

/* --- fields that name something ------------------------------------------------------------------------------------ */

/* A field of an image's records or of a kind of open files that must name an object. Where zero_is_none, 0 names nothing. */
static const struct reference {
	enum img_id image; /* IMG_COUNT: files of `type` */
	FdTypes type;
	const char *field;
	uint32_t space;
	const char *what;
	bool zero_is_none;
} references[] = {
	{ IMG_FS, 0, "cwd_id", SPACE_FILE + FD_TYPES__REG, "regular file", false },
	{ IMG_FS, 0, "root_id", SPACE_FILE + FD_TYPES__REG, "regular file", false },
	{ IMG_MM, 0, "exe_file_id", SPACE_ANY_FILE, "regular file or memfd", false },
	{ IMG_REMAP_FPATH, 0, "orig_id", SPACE_FILE + FD_TYPES__REG, "regular file", false },
	{ IMG_PIPES_DATA, 0, "pipe_id", SPACE_PIPE, "pipe", false },
	{ IMG_FIFO_DATA, 0, "pipe_id", SPACE_FIFO, "FIFO", false },
	{ IMG_SK_QUEUES, 0, "id_for", SPACE_ANY_FILE, "open file", false },
	{ IMG_TTY_DATA, 0, "tty_id", SPACE_TTY, "terminal", false },
	{ IMG_BPFMAP_DATA, 0, "map_id", SPACE_BPFMAP, "BPF map", false },
	{ IMG_FILE_LOCKS, 0, "pid", SPACE_TASK, "task", false },
	{ IMG_EVENTPOLL_TFD, 0, "id", SPACE_FILE + FD_TYPES__EVENTPOLL, "epoll file", false },
	{ IMG_INOTIFY_WD, 0, "id", SPACE_FILE + FD_TYPES__INOTIFY, "inotify file", false },
	{ IMG_INOTIFY_QUEUE, 0, "id", SPACE_FILE + FD_TYPES__INOTIFY, "inotify file", false },
	{ IMG_FANOTIFY_MARK, 0, "id", SPACE_FILE + FD_TYPES__FANOTIFY, "fanotify file", false },
	{ IMG_COUNT, FD_TYPES__FIFO, "regf_id", SPACE_FILE + FD_TYPES__REG, "regular file", true },
	{ IMG_COUNT, FD_TYPES__TTY, "regf_id", SPACE_FILE + FD_TYPES__REG, "regular file", true },
	{ IMG_COUNT, FD_TYPES__TTY, "tty_info_id", SPACE_TTY, "terminal", false },
	{ IMG_COUNT, FD_TYPES__MEMFD, "inode_id", SPACE_MEMFD, "memfd", false },
	{ IMG_COUNT, FD_TYPES__UNIXSK, "peer", SPACE_UNIX, "unix socket", true },
	{ IMG_COUNT, FD_TYPES__UNIXSK, "ns_id", SPACE_NS, "name space", true },
	{ IMG_COUNT, FD_TYPES__INETSK, "ns_id", SPACE_NS, "name space", true },
	{ IMG_COUNT, FD_TYPES__NETLINKSK, "ns_id", SPACE_NS, "name space", true },
	{ IMG_COUNT, FD_TYPES__PACKETSK, "ns_id", SPACE_NS, "name space", true },
	{ IMG_COUNT, FD_TYPES__TUNF, "ns_id", SPACE_NS, "name space", true },
	{ IMG_COUNT, FD_TYPES__NS, "ns_id", SPACE_NS, "name space", true },
};

/* The value of a field that is there. */
static bool field_value(const ProtobufCMessage *m, const char *name, uint64_t *ret)
{
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
	const void *p = f ? (const char *)m + f->offset : NULL;

	if (!f || (f->label == PROTOBUF_C_LABEL_OPTIONAL && f->quantifier_offset &&
		   !*(const protobuf_c_boolean *)((const char *)m + f->quantifier_offset)))
		return false;
	*ret = f->type == PROTOBUF_C_TYPE_UINT64 ? *(const uint64_t *)p : *(const uint32_t *)p;
	return true;
}

static void check_reference(struct verify *v, const struct reference *r, const ProtobufCMessage *m,
			    const struct image *i, size_t record, const char *in)
{
	char field[64];
	uint64_t id;

	if (!field_value(m, r->field, &id) || (r->zero_is_none && !id) || known(v, r->space, id))
		return;
	snprintf(field, sizeof(field), "%s%s%s", in, *in ? "." : "", r->field);
	found(v, i, record, field, "there is no %s %llu", r->what, (unsigned long long)id);
}

void check_references(struct verify *v)
{
	for (size_t k = 0; k < ARRAY_SIZE(references); k++) {
		const struct reference *r = &references[k];

		FOR_RECORDS(v, r->image, i, m, nr)
		check_reference(v, r, m, i, nr, "");
		for (size_t n = 0; r->image == IMG_COUNT && n < v->nr_files; n++) {
			const struct file *f = &v->files[n];

			if (f->type == r->type && f->entry)
				check_reference(v, r, f->entry, f->image, f->record, f->field);
		}
	}
	FOR_RECORDS(v, IMG_SK_QUEUES, i, m, nr)
	{
		const SkPacketEntry *p = m;

		for (size_t s = 0; s < p->n_scm; s++) {
			for (size_t k = 0; k < p->scm[s]->n_rights; k++) {
				if (!known(v, SPACE_ANY_FILE, p->scm[s]->rights[k]))
					found(v, i, nr, "scm.rights", "there is no open file %u", p->scm[s]->rights[k]);
			}
		}
	}
}

/* --- files.img --------------------------------------------------------------------------------------------------- */

static void check_file(struct verify *v, const struct file *f)
{
	const PidfdEntry *pidfd = (const PidfdEntry *)f->entry;
	uint32_t id;

	if (f->type == FD_TYPES__UND || f->type >= FD_TYPES__CTL_TTY) {
		found(v, f->image, f->record, "type", "no open file is of this type");
		return;
	}
	if (!f->entry) {
		found(v, f->image, f->record, f->field, "missing, but the type says it");
		return;
	}
	id = *(const uint32_t *)((const char *)f->entry + f->entry->descriptor->fields[0].offset);
	if (id != f->id)
		found(v, f->image, f->record, f->field, "its id is %u, but that of the record %u", id, f->id);
	if (f->type == FD_TYPES__PIDFD && pidfd->nspid > 0 && !known(v, SPACE_THREAD, (uint32_t)pidfd->nspid) &&
	    !known(v, SPACE_TASK, (uint32_t)pidfd->nspid))
		found(v, f->image, f->record, "pidfd.nspid", "process %d is not in the tree", pidfd->nspid);
}

void check_files(struct verify *v)
{
	for (size_t i = 0; i < v->nr_files; i++)
		check_file(v, &v->files[i]);
}

/* --- fdinfo ------------------------------------------------------------------------------------------------------ */

#define AT(high, low) ((uint64_t)(high) << 32 | (uint32_t)(low))

static bool files_unreadable(const struct verify *v)
{
	const struct image *i = images_find(&v->im, IMG_FILES, 0);

	return i && i->bad;
}

void check_descriptors(struct verify *v)
{
	bool unreadable = files_unreadable(v);

	FOR_RECORDS(v, IMG_FDINFO, i, m, nr)
	{
		const FdinfoEntry *fd = m;
		const ProtobufCEnumValue *type = protobuf_c_enum_descriptor_get_value(&fd_types__descriptor, fd->type);

		if (fd->fd > INT32_MAX)
			found(v, i, nr, "fd", "%u is no descriptor", fd->fd);
		if (fd->flags & ~1u)
			found(v, i, nr, "flags", "0x%x: a descriptor has no flag but FD_CLOEXEC", fd->flags);
		define(v, SPACE_FD, AT(i->key, fd->fd), fd->locks, i, nr, "fd");
		if (!known(v, SPACE_FILE + fd->type, fd->id) && !unreadable)
			found(v, i, nr, "id", "descriptor %u is file %u of type %s, which is not there", fd->fd, fd->id,
			      type ? type->name : "unknown");
	}
}

/* What an epoll file watches is a descriptor in one of the tables that the epoll file is in. */
void check_epoll(struct verify *v)
{
	struct map there = { 0 }; /* by number of the file: 0: has a holder, n: target n - 1 is there */

	FOR_RECORDS(v, IMG_FDINFO, i, m, nr)
	{
		const FdinfoEntry *fd = m;
		const uint32_t *n = map_get(&v->map, SPACE_FILE + FD_TYPES__EVENTPOLL, fd->id);
		const EventpollFileEntry *ep = n ? (const EventpollFileEntry *)v->files[*n].entry : NULL;

		if (fd->type != FD_TYPES__EVENTPOLL || !ep)
			continue;
		map_put(&there, *n, 0, 0);
		for (size_t k = 0; k < ep->n_tfd; k++) {
			if (known(v, SPACE_FD, AT(i->key, ep->tfd[k]->tfd)))
				map_put(&there, *n, k + 1, 0);
		}
	}
	for (size_t n = 0; n < v->nr_files; n++) {
		const struct file *f = &v->files[n];
		const EventpollFileEntry *ep = (const EventpollFileEntry *)f->entry;

		if (f->type != FD_TYPES__EVENTPOLL || !ep || !map_get(&there, (uint32_t)n, 0))
			continue;
		for (size_t k = 0; k < ep->n_tfd; k++) {
			if (!map_get(&there, (uint32_t)n, k + 1))
				found(v, f->image, f->record, "epfd.tfd", "who has it has no descriptor %u",
				      ep->tfd[k]->tfd);
		}
	}
	map_free(&there);
}

/* The numbers of watches are unique in their file. */
void check_watches(struct verify *v)
{
	struct map seen = { 0 };

	for (size_t n = 0; n < v->nr_files; n++) {
		const struct file *f = &v->files[n];
		const InotifyFileEntry *in = (const InotifyFileEntry *)f->entry;

		if (f->type != FD_TYPES__INOTIFY || !in)
			continue;
		for (size_t k = 0; k < in->n_wd; k++) {
			if (!map_put(&seen, (uint32_t)n, in->wd[k]->wd, 0))
				found(v, f->image, f->record, "ify.wd", "there are two watches %u", in->wd[k]->wd);
		}
	}
	map_free(&seen);
}

#define OLD_GHOST 0x80000000u /* in remap_id, before there was remap_type */

void check_remaps(struct verify *v)
{
	FOR_RECORDS(v, IMG_REMAP_FPATH, i, m, nr)
	{
		const RemapFilePathEntry *r = m;
		bool old_ghost = !r->has_remap_type && r->remap_id & OLD_GHOST;
		uint32_t id = r->remap_id & ~(old_ghost ? OLD_GHOST : 0);

		if (old_ghost || r->remap_type == REMAP_TYPE__GHOST)
			want_image(v, i, nr, "remap_id", IMG_GHOST_FILE, id);
		else if (r->remap_type == REMAP_TYPE__LINKED && !known(v, SPACE_FILE + FD_TYPES__REG, id))
			found(v, i, nr, "remap_id", "there is no regular file %u", id);
	}
}

/* --- locks and pipes --------------------------------------------------------------------------------------------- */

void check_locks(struct verify *v)
{
	struct map count = { 0 };

	FOR_RECORDS(v, IMG_FILE_LOCKS, i, m, nr)
	{
		const FileLockEntry *l = m;
		const uint32_t *task = map_get(&v->map, SPACE_TASK, (uint32_t)l->pid);
		uint64_t at = task ? AT(v->tasks[*task].files_id, l->fd) : 0;

		if (l->flag != 1 && l->flag != 2 && l->flag != 4 && l->flag != 8)
			found(v, i, nr, "flag", "there is no sort %u of locks", l->flag);
		if (!task)
			continue;
		if (!known(v, SPACE_FD, at))
			found(v, i, nr, "fd", "task %d has no descriptor %d", l->pid, l->fd);
		else if (!map_put(&count, SPACE_FD, at, 1))
			++*map_get(&count, SPACE_FD, at);
	}
	FOR_RECORDS(v, IMG_FDINFO, i, m, nr)
	{
		const FdinfoEntry *fd = m;
		const uint32_t *n = fd->has_locks ? map_get(&count, SPACE_FD, AT(i->key, fd->fd)) : NULL;

		if (fd->locks > (n ? *n : 0))
			found(v, i, nr, "locks", "descriptor %u has %u locks, filelocks.img has %u", fd->fd, fd->locks,
			      n ? *n : 0);
	}
	map_free(&count);
}

static void check_packets(struct verify *v, const struct image *i, size_t record, const PipeDataEntry *d)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < d->n_packets; k++)
		sum += d->packets[k];
	if (d->n_packets && sum != d->bytes)
		found(v, i, record, "packets", "%llu bytes in all, but there are %u", (unsigned long long)sum,
		      d->bytes);
	if (d->has_size && d->size && d->bytes > d->size)
		found(v, i, record, "bytes", "%u bytes in a pipe of %u", d->bytes, d->size);
}

void check_pipes(struct verify *v)
{
	static const enum img_id data[] = { IMG_PIPES_DATA, IMG_FIFO_DATA };
	struct map bytes = { 0 };

	for (size_t k = 0; k < ARRAY_SIZE(data); k++) {
		FOR_RECORDS(v, data[k], i, m, nr)
		{
			const PipeDataEntry *d = m;

			if (!map_put(&bytes, data[k], d->pipe_id, d->bytes))
				found(v, i, nr, "pipe_id", "there is a record for pipe %u already", d->pipe_id);
			check_packets(v, i, nr, d);
		}
	}
	for (size_t n = 0; n < v->nr_files; n++) {
		const struct file *f = &v->files[n];
		const PipeEntry *p = f->type == FD_TYPES__PIPE ? (const PipeEntry *)f->entry : NULL;
		const uint32_t *have = p ? map_get(&bytes, IMG_PIPES_DATA, p->pipe_id) : NULL;

		if (p && p->has_queued && p->queued != (have ? *have : 0))
			found(v, f->image, f->record, "pipe.queued", "%u bytes, but pipes-data.img has %u for pipe %u",
			      p->queued, have ? *have : 0, p->pipe_id);
	}
	map_free(&bytes);
}

/* --- sockets ----------------------------------------------------------------------------------------------------- */

void check_unix_sockets(struct verify *v)
{
	struct map packets = { 0 };

	FOR_RECORDS(v, IMG_SK_QUEUES, i, m, nr)
	{
		if (!map_put(&packets, SPACE_ANY_FILE, ((const SkPacketEntry *)m)->id_for, 1))
			++*map_get(&packets, SPACE_ANY_FILE, ((const SkPacketEntry *)m)->id_for);
	}
	for (size_t n = 0; n < v->nr_files; n++) {
		const struct file *f = &v->files[n];
		const UnixSkEntry *u = f->type == FD_TYPES__UNIXSK ? (const UnixSkEntry *)f->entry : NULL;
		const uint32_t *have = u ? map_get(&packets, SPACE_ANY_FILE, f->id) : NULL;

		if (u && u->has_queued && u->queued != (have ? *have : 0))
			found(v, f->image, f->record, "usk.queued", "%u packets, but sk-queues.img has %u", u->queued,
			      have ? *have : 0);
	}
	map_free(&packets);
}

enum { TCP_TIME_WAIT = 6, TCP_CLOSE = 7, TCP_LISTEN = 10 };

/* A connection has its stream, a stream its socket. */
void check_tcp(struct verify *v)
{
	const InventoryEntry *inventory = images_one(&v->im, IMG_INVENTORY, 0);

	for (size_t n = 0; n < v->nr_files; n++) {
		const struct file *f = &v->files[n];
		const InetSkEntry *s = f->type == FD_TYPES__INETSK ? (const InetSkEntry *)f->entry : NULL;

		if (!s || s->type != 1 || s->proto != 6 || (inventory && inventory->tcp_close))
			continue;
		if (s->state != TCP_LISTEN && s->state != TCP_CLOSE && s->state != TCP_TIME_WAIT)
			want_image(v, f->image, f->record, "isk.ino", IMG_TCP_STREAM, s->ino);
	}
	if (files_unreadable(v))
		return;
	for (size_t k = 0; k < v->im.nr; k++) {
		const struct image *i = &v->im.list[k];

		if (i->type->id == IMG_TCP_STREAM && !known(v, SPACE_INET, i->key))
			found(v, i, 0, "", "there is no socket with inode %lu", i->key);
	}
}
