// SPDX-License-Identifier: GPL-2.0-only
/* Reads the images of open files: files.img or the older image per kind, and the descriptor tables and directories of tasks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cr-restore/files.h"

/* The images that files.img replaced. */
static const struct {
	enum img_id id;
	FdTypes type;
} old_images[] = {
	{ IMG_REG_FILES, FD_TYPES__REG },
	{ IMG_EXT_FILES, FD_TYPES__EXT },
	{ IMG_NS_FILES, FD_TYPES__NS },
	{ IMG_EVENTFD_FILE, FD_TYPES__EVENTFD },
	{ IMG_EVENTPOLL_FILE, FD_TYPES__EVENTPOLL },
	{ IMG_SIGNALFD, FD_TYPES__SIGNALFD },
	{ IMG_INOTIFY_FILE, FD_TYPES__INOTIFY },
	{ IMG_FANOTIFY_FILE, FD_TYPES__FANOTIFY },
	{ IMG_PIPES, FD_TYPES__PIPE },
	{ IMG_FIFO, FD_TYPES__FIFO },
	{ IMG_UNIXSK, FD_TYPES__UNIXSK },
	{ IMG_INETSK, FD_TYPES__INETSK },
	{ IMG_PACKETSK, FD_TYPES__PACKETSK },
	{ IMG_NETLINK_SK, FD_TYPES__NETLINKSK },
	{ IMG_TTY_FILES, FD_TYPES__TTY },
	{ IMG_TUNFILE, FD_TYPES__TUNF },
	{ IMG_TIMERFD, FD_TYPES__TIMERFD },
	{ IMG_PIDFD, FD_TYPES__PIDFD },
	{ IMG_BPFMAP_FILE, FD_TYPES__BPFMAP },
};

const char *file_type_name(FdTypes type)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&fd_types__descriptor, type);

	return v ? v->name : "unknown";
}

/* Of all fields of file_entry, the one that is a message and is there: there is one a file. */
const ProtobufCMessage *file_message(const FileEntry *f)
{
	const ProtobufCMessageDescriptor *d = &file_entry__descriptor;

	for (unsigned int i = 0; i < d->n_fields; i++) {
		const ProtobufCMessage *m;

		if (d->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		m = *(ProtobufCMessage **)((char *)f + d->fields[i].offset);
		if (m)
			return m;
	}
	return NULL;
}

int files_each(struct restore_ctx *ctx, enum img_id id,
	       int (*fn)(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e),
	       struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int got;

	if (img_open(ctx->images_fd, id, 0, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	while ((got = img_get(r, &msg, e)) > 0) {
		*POOL_PUSH(&ctx->pool, ctx->files->messages, ctx->files->nr_messages) = msg;
		if (fn(ctx, msg, r, e))
			return -1;
	}
	return got;
}

/* --- open files --------------------------------------------------------------------------------------------- */

static void add(struct restore_ctx *ctx, FileEntry *f)
{
	*POOL_PUSH(&ctx->pool, ctx->files->list, ctx->files->nr) = (struct ofile){ .id = f->id, .entry = f, .fd = -1 };
}

/* What the file_entry of a type that we can restore must have. */
static const ProtobufCMessageDescriptor *expected(FdTypes type)
{
	for (size_t i = 0; i < ARRAY_SIZE(old_images); i++)
		if (old_images[i].type == type)
			return img_type(old_images[i].id)->desc;
	return type == FD_TYPES__MEMFD ? &memfd_file_entry__descriptor : NULL;
}

static int add_entry(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	FileEntry *f = (FileEntry *)msg;
	const ProtobufCMessage *m = file_message(f);
	const ProtobufCMessageDescriptor *want = expected(f->type);

	if (!m || (want && m->descriptor != want)) {
		err_set(e, 0, "file %u of type %s has %s", f->id, file_type_name(f->type),
			m ? m->descriptor->name : "no content");
		return img_complain(r, e);
	}
	add(ctx, f);
	return 0;
}

/* Puts a record of an older image into the field of file_entry that has its type. */
static int wrap(struct restore_ctx *ctx, FdTypes type, ProtobufCMessage *msg, struct err *e)
{
	const ProtobufCFieldDescriptor *id = protobuf_c_message_descriptor_get_field_by_name(msg->descriptor, "id");
	const ProtobufCMessageDescriptor *d = &file_entry__descriptor;
	FileEntry *f = POOL_MSG(&ctx->pool, FileEntry, file_entry);

	f->type = type;
	f->id = *(uint32_t *)((char *)msg + id->offset);
	for (unsigned int i = 0; i < d->n_fields; i++)
		if (d->fields[i].descriptor == msg->descriptor)
			*(ProtobufCMessage **)((char *)f + d->fields[i].offset) = msg;
	add(ctx, f);
	return 0;
}

static int wrap_record(struct restore_ctx *ctx, ProtobufCMessage *msg, struct img_reader *r, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(old_images); i++)
		if (img_type(old_images[i].id)->desc == msg->descriptor)
			return wrap(ctx, old_images[i].type, msg, e);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct ofile *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

int files_load_images(struct restore_ctx *ctx, struct err *e)
{
	struct files *fs = ctx->files;

	if (files_each(ctx, IMG_FILES, add_entry, e))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(old_images); i++)
		if (files_each(ctx, old_images[i].id, wrap_record, e))
			return -1;
	if (fs->nr)
		qsort(fs->list, fs->nr, sizeof(*fs->list), by_id);
	for (size_t i = 1; i < fs->nr; i++)
		if (fs->list[i].id == fs->list[i - 1].id)
			return err_set(e, 0, "two open files of the images have the id %u", fs->list[i].id);
	return sk_queues_load(ctx, e);
}

/* --- tables ------------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	const FdinfoEntry *x = *(FdinfoEntry **)a, *y = *(FdinfoEntry **)b;

	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static int load_table(struct restore_ctx *ctx, struct rtask *t, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int got;

	/* CRIU writes no image of an empty table. We do: one that is missing is lost. */
	if (img_open(ctx->images_fd, IMG_FDINFO, t->core->ids->files_id, &r, e))
		return e->errnum == ENOENT && is_of_criu(t) ? 0 : -1;
	while ((got = img_get(r, &msg, e)) > 0) {
		*POOL_PUSH(&ctx->pool, ctx->files->messages, ctx->files->nr_messages) = msg;
		*POOL_PUSH(&ctx->pool, t->fds, t->nr_fds) = (FdinfoEntry *)msg;
		if (((FdinfoEntry *)msg)->fd > INT32_MAX - CHAN_MAX) {
			err_set(e, 0, "%u is no descriptor", ((FdinfoEntry *)msg)->fd);
			return img_complain(r, e);
		}
	}
	if (got < 0)
		return -1;
	if (t->nr_fds)
		qsort(t->fds, t->nr_fds, sizeof(*t->fds), by_number);
	for (size_t i = 1; i < t->nr_fds; i++)
		if (t->fds[i]->fd == t->fds[i - 1]->fd)
			return err_set(e, 0, "fdinfo-%u.img has descriptor %u twice", t->core->ids->files_id,
				       t->fds[i]->fd);
	return 0;
}

int files_load_tables(struct restore_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < ctx->nr_tasks; i++) {
		struct rtask *t = ctx->tasks[i];
		ProtobufCMessage *msg;

		if (t->helper || t->state == TASK_DEAD)
			continue;
		t->fds = t->table_of->fds;
		t->nr_fds = t->table_of->nr_fds;
		t->fs = t->fs_of->fs;
		if (t->table_of == t && load_table(ctx, t, e))
			return -1;
		if (t->fs_of != t)
			continue;
		if (img_read_one(ctx->images_fd, IMG_FS, t->pid, &msg, e))
			return -1;
		*POOL_PUSH(&ctx->pool, ctx->files->messages, ctx->files->nr_messages) = msg;
		t->fs = (FsEntry *)msg;
	}
	return 0;
}
