// SPDX-License-Identifier: GPL-2.0-only
/* Reading a checkpoint: the tree of tasks, open files and who has them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/checkpoint.h"
#include "inventory.pb-c.h"

/* Makes room for one element more in an array that doubles. */
static int grow(void *array, size_t n, size_t size, struct err *e)
{
	void **p = array;
	void *new;

	if (n & (n - 1) && n) /* room is made at powers of two */
		return 0;
	new = reallocarray(*p, n ? 2 * n : 1, size);
	if (!new)
		return err_nomem(e, "the checkpoint");
	*p = new;
	return 0;
}

static int read_tree(struct checkpoint *c, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(c->source, IMG_PSTREE, 0, &r, e))
		return err_hint(e, "this must be a directory with the images of one checkpoint");
	while ((rc = img_get(r, &msg, e)) > 0) {
		if (grow(&c->tasks, c->nr_tasks, sizeof(*c->tasks), e)) {
			img_free(msg);
			return -1;
		}
		c->tasks[c->nr_tasks++] = (PstreeEntry *)msg;
	}
	return rc;
}

/* Which layout the images have. Without an inventory they are taken for those of today. */
static int read_inventory(struct checkpoint *c, struct err *e)
{
	const InventoryEntry *inventory;
	ProtobufCMessage *msg;

	if (source_optional(c->source, IMG_INVENTORY, 0, &msg, e))
		return -1;
	if (!msg)
		return 0;
	inventory = (const InventoryEntry *)msg;
	c->fdinfo_per_task = !inventory->fdinfo_per_id;
	c->ns_per_tree = !inventory->ns_per_id;
	c->has_host = inventory->root_ids;
	if (c->has_host)
		c->host = *inventory->root_ids;
	c->host.base.n_unknown_fields = 0;
	c->host.base.unknown_fields = NULL;
	img_free(msg);
	return 0;
}

int checkpoint_open(struct checkpoint *c, const char *path, struct err *e)
{
	*c = (struct checkpoint){ 0 };
	if (source_open(&c->source, path, e))
		return -1;
	return read_tree(c, e) || read_inventory(c, e) ? err_in(e, "%s", path) : 0;
}

void checkpoint_close(struct checkpoint *c)
{
	for (size_t i = 0; i < c->nr_tasks; i++)
		img_free(c->tasks[i]);
	for (size_t i = 0; i < c->nr_files; i++)
		img_free(c->files[i].owner);
	free(c->tasks);
	free(c->files);
	for (size_t i = 0; i < c->nr_memfds; i++)
		img_free(c->memfds[i]);
	free(c->memfds);
	free(c->holders);
	source_close(&c->source);
}

unsigned long checkpoint_ns_key(const struct checkpoint *c, uint32_t ns_id)
{
	return c->ns_per_tree && c->nr_tasks ? c->tasks[0]->pid : ns_id;
}

/* --- open files ------------------------------------------------------------------------------------------------- */

/* Where the message of each type is: in files.img, and in the older layout an image of its own. */
static const struct {
	FdTypes type;
	enum img_id image; /* IMG_FILES: none of its own */
	size_t in_file;	   /* offset of the pointer in FileEntry */
	size_t id;	   /* offset of the id in the message */
} file_types[] = {
#define TYPE(type, image, field, message)                                                        \
	{                                                                                        \
		FD_TYPES__##type, IMG_##image, offsetof(FileEntry, field), offsetof(message, id) \
	}
	TYPE(REG, REG_FILES, reg, RegFileEntry),
	TYPE(PIPE, PIPES, pipe, PipeEntry),
	TYPE(FIFO, FIFO, fifo, FifoEntry),
	TYPE(INETSK, INETSK, isk, InetSkEntry),
	TYPE(UNIXSK, UNIXSK, usk, UnixSkEntry),
	TYPE(EVENTFD, EVENTFD_FILE, efd, EventfdFileEntry),
	TYPE(EVENTPOLL, EVENTPOLL_FILE, epfd, EventpollFileEntry),
	TYPE(INOTIFY, INOTIFY_FILE, ify, InotifyFileEntry),
	TYPE(SIGNALFD, SIGNALFD, sgfd, SignalfdEntry),
	TYPE(PACKETSK, PACKETSK, psk, PacketSockEntry),
	TYPE(TTY, TTY_FILES, tty, TtyFileEntry),
	TYPE(FANOTIFY, FANOTIFY_FILE, ffy, FanotifyFileEntry),
	TYPE(NETLINKSK, NETLINK_SK, nlsk, NetlinkSkEntry),
	TYPE(NS, NS_FILES, nsf, NsFileEntry),
	TYPE(TUNF, TUNFILE, tunf, TunfileEntry),
	TYPE(EXT, EXT_FILES, ext, ExtFileEntry),
	TYPE(TIMERFD, TIMERFD, tfd, TimerfdEntry),
	TYPE(MEMFD, FILES, memfd, MemfdFileEntry),
	TYPE(BPFMAP, BPFMAP_FILE, bpf, BpfmapFileEntry),
	TYPE(PIDFD, PIDFD, pidfd, PidfdEntry),
#undef TYPE
};

/* What a record of files.img holds; entry stays NULL when it lacks the message of its type. */
static void find_entry(struct open_file *f)
{
	const FileEntry *fe = (const FileEntry *)f->owner;

	f->type = fe->type;
	f->id = fe->id;
	for (size_t i = 0; i < ARRAY_SIZE(file_types); i++) {
		if (file_types[i].type == fe->type)
			f->entry = *(void *const *)((const char *)fe + file_types[i].in_file);
	}
}

/* Reads one image of open files; kind: the row of file_types, none for files.img. Returns 1 when there is none of that name. */
static int read_files(struct checkpoint *c, enum img_id image, size_t kind, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(c->source, image, 0, &r, e))
		return e->errnum == ENOENT ? 1 : -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		struct open_file *f;

		if (grow(&c->files, c->nr_files, sizeof(*c->files), e)) {
			img_free(msg);
			return -1;
		}
		f = &c->files[c->nr_files++];
		*f = (struct open_file){ .owner = msg };
		if (image == IMG_FILES) {
			find_entry(f);
		} else {
			f->type = file_types[kind].type;
			f->id = *(const uint32_t *)((const char *)msg + file_types[kind].id);
			f->entry = msg;
		}
	}
	return rc;
}

static int read_memfds(struct checkpoint *c, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(c->source, IMG_MEMFD_INODE, 0, &r, e))
		return e->errnum == ENOENT ? 0 : -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		if (grow(&c->memfds, c->nr_memfds, sizeof(*c->memfds), e)) {
			img_free(msg);
			return -1;
		}
		c->memfds[c->nr_memfds++] = (MemfdInodeEntry *)msg;
	}
	return rc;
}

static int by_type_and_id(const void *a, const void *b)
{
	const struct open_file *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

int checkpoint_files(struct checkpoint *c, struct err *e)
{
	int rc;

	if (c->files)
		return 0;
	rc = read_memfds(c, e) ? -1 : read_files(c, IMG_FILES, 0, e);
	for (size_t i = 0; rc == 1 && i < ARRAY_SIZE(file_types); i++) {
		if (file_types[i].image != IMG_FILES && read_files(c, file_types[i].image, i, e) < 0)
			return -1;
	}
	if (rc < 0)
		return -1;
	if (c->nr_files)
		qsort(c->files, c->nr_files, sizeof(*c->files), by_type_and_id);
	return 0;
}

const ProtobufCMessage *checkpoint_file(const struct checkpoint *c, FdTypes type, uint32_t id)
{
	const struct open_file key = { .type = type, .id = id };
	const struct open_file *f = NULL;

	if (c->nr_files)
		f = bsearch(&key, c->files, c->nr_files, sizeof(*c->files), by_type_and_id);
	return f ? f->entry : NULL;
}

const MemfdInodeEntry *checkpoint_memfd(const struct checkpoint *c, uint32_t id)
{
	const MemfdFileEntry *f = (const MemfdFileEntry *)checkpoint_file(c, FD_TYPES__MEMFD, id);

	for (size_t i = 0; f && i < c->nr_memfds; i++) {
		if (c->memfds[i]->inode_id == f->inode_id)
			return c->memfds[i];
	}
	return NULL;
}

/* --- who has them ----------------------------------------------------------------------------------------------- */

/* The ids of a task. Returns 1 when it has none: it is dead. */
static int table_of(struct checkpoint *c, uint32_t pid, uint32_t *ret, struct err *e)
{
	CoreEntry *core;
	int rc;

	*ret = pid;
	if (checkpoint_core(c, pid, true, &core, e))
		return -1;
	rc = core->ids || (c->fdinfo_per_task && core->tc && core->tc->task_state != TASK_DEAD) ? 0 : 1;
	if (core->ids && !c->fdinfo_per_task)
		*ret = core->ids->files_id;
	img_free(core);
	return rc;
}

int checkpoint_fdinfo(struct checkpoint *c, uint32_t pid, struct img_reader **ret, struct err *e)
{
	uint32_t key;
	int rc = table_of(c, pid, &key, e);

	*ret = NULL;
	if (rc)
		return rc < 0 ? -1 : 0;
	return source_image(c->source, IMG_FDINFO, key, ret, e);
}

static int by_file(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

static int read_holders(struct checkpoint *c, uint32_t pid, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (checkpoint_fdinfo(c, pid, &r, e))
		return -1;
	while (r && (rc = img_get(r, &msg, e)) != 0) {
		const FdinfoEntry *fd = (const FdinfoEntry *)msg;

		if (rc < 0)
			return -1;
		rc = grow(&c->holders, c->nr_holders, sizeof(*c->holders), e);
		if (!rc)
			c->holders[c->nr_holders++] = (struct holder){ fd->type, fd->id, pid, fd->fd };
		img_free(msg);
		if (rc)
			return -1;
	}
	return 0;
}

int checkpoint_holders(struct checkpoint *c, struct err *e)
{
	if (c->holders)
		return 0;
	for (size_t i = 0; i < c->nr_tasks; i++) {
		if (read_holders(c, c->tasks[i]->pid, e))
			return -1;
	}
	if (c->nr_holders)
		qsort(c->holders, c->nr_holders, sizeof(*c->holders), by_file);
	return 0;
}

const struct holder *checkpoint_held_by(const struct checkpoint *c, FdTypes type, uint32_t id, size_t *nr_ret)
{
	struct holder key = { .type = type, .id = id };
	size_t lo = 0, hi = c->nr_holders, end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_file(&c->holders[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < c->nr_holders && c->holders[end].type == type && c->holders[end].id == id;)
		end++;
	*nr_ret = end - lo;
	return c->holders ? c->holders + lo : NULL;
}

/* --- names ------------------------------------------------------------------------------------------------------ */

void put_text(const char *s)
{
	bool tty = isatty(STDOUT_FILENO);

	for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
		if (tty && (*p < ' ' || *p == 0x7f))
			putchar('?');
		else if (tty && *p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			putchar('?'), p++; /* the same again, as Unicode has it: U+009B begins sequences too */
		else
			putchar(*p);
	}
}

char *unix_name(const ProtobufCBinaryData *name)
{
	char *buf = malloc(3 * name->len + 1);
	size_t used = 0;

	if (!buf)
		return NULL;
	for (size_t i = 0; i < name->len; i++) {
		if (name->data[i] < ' ' || name->data[i] > '~' || name->data[i] == '=')
			used += (size_t)sprintf(buf + used, "=%02X", name->data[i]);
		else
			buf[used++] = (char)name->data[i];
	}
	buf[used] = '\0';
	return buf;
}

static int unix_text(const UnixSkEntry *u, char **ret)
{
	_cleanup_free_ char *name = unix_name(&u->name);

	if (!name)
		return -1;
	return asprintf(ret, "unix[%u (%u)%s%s]", u->ino, u->peer, *name ? " " : "", name);
}

char *file_name(const struct checkpoint *c, FdTypes type, uint32_t id)
{
	const void *f = checkpoint_file(c, type, id);
	const ProtobufCEnumValue *name;
	char *text = NULL;
	int rc;

	switch (type) {
	case FD_TYPES__REG:
		return strdup(f ? ((const RegFileEntry *)f)->name : "unknown path");
	case FD_TYPES__PIPE:
		rc = f ? asprintf(&text, "pipe[%u]", ((const PipeEntry *)f)->pipe_id) : asprintf(&text, "pipe[?]");
		break;
	case FD_TYPES__UNIXSK:
		rc = f ? unix_text(f, &text) : asprintf(&text, "unix[?]");
		break;
	default:
		name = protobuf_c_enum_descriptor_get_value(&fd_types__descriptor, (int)type);
		rc = asprintf(&text, "%s.%u", name ? name->name : "?", id);
	}
	return rc < 0 ? NULL : text;
}
