// SPDX-License-Identifier: GPL-2.0-only
/* Reading a checkpoint: the tree of tasks, and what names open files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/checkpoint.h"

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

int checkpoint_open(struct checkpoint *c, const char *path, struct err *e)
{
	*c = (struct checkpoint){ 0 };
	if (source_open(&c->source, path, e))
		return -1;
	return read_tree(c, e) ? err_in(e, "%s", path) : 0;
}

void checkpoint_close(struct checkpoint *c)
{
	for (size_t i = 0; i < c->nr_tasks; i++)
		img_free(c->tasks[i]);
	for (size_t i = 0; i < c->nr_files; i++)
		img_free(c->files[i].owner);
	free(c->tasks);
	free(c->files);
	source_close(&c->source);
}

/* The files that have a name; the others are shown by type and id alone. */
static const void *named_entry(enum img_id image, const ProtobufCMessage *msg, FdTypes *type, uint32_t *id)
{
	const FileEntry *fe = (const FileEntry *)msg;

	switch (image) {
	case IMG_REG_FILES:
		*type = FD_TYPES__REG;
		*id = ((const RegFileEntry *)msg)->id;
		return msg;
	case IMG_PIPES:
		*type = FD_TYPES__PIPE;
		*id = ((const PipeEntry *)msg)->id;
		return msg;
	case IMG_UNIXSK:
		*type = FD_TYPES__UNIXSK;
		*id = ((const UnixSkEntry *)msg)->id;
		return msg;
	default:
		*type = fe->type;
		*id = fe->id;
		return fe->type == FD_TYPES__REG    ? (const void *)fe->reg :
		       fe->type == FD_TYPES__PIPE   ? (const void *)fe->pipe :
		       fe->type == FD_TYPES__UNIXSK ? (const void *)fe->usk :
						      NULL;
	}
}

/* Reads one image of open files. Returns 1 when there is none of that name. */
static int read_files(struct checkpoint *c, enum img_id image, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(c->source, image, 0, &r, e))
		return e->errnum == ENOENT ? 1 : -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		struct open_file f = { .owner = msg };

		f.entry = named_entry(image, msg, &f.type, &f.id);
		if (!f.entry || grow(&c->files, c->nr_files, sizeof(*c->files), e)) {
			img_free(msg);
			if (f.entry)
				return -1;
			continue;
		}
		c->files[c->nr_files++] = f;
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
	static const enum img_id old_layout[] = { IMG_REG_FILES, IMG_PIPES, IMG_UNIXSK };
	int rc = read_files(c, IMG_FILES, e);

	/* One image per kind is the older layout. */
	for (size_t i = 0; rc == 1 && i < ARRAY_SIZE(old_layout); i++) {
		if (read_files(c, old_layout[i], e) < 0)
			return -1;
	}
	if (rc < 0)
		return -1;
	if (c->nr_files)
		qsort(c->files, c->nr_files, sizeof(*c->files), by_type_and_id);
	return 0;
}

void put_text(const char *s)
{
	bool tty = isatty(STDOUT_FILENO);

	for (; *s; s++)
		putchar(tty && ((unsigned char)*s < ' ' || *s == 0x7f) ? '?' : *s);
}

/* A unix socket's name as bytes, printed as quoted-printable is. */
static void put_unix_name(const ProtobufCBinaryData *name)
{
	for (size_t i = 0; i < name->len; i++) {
		if (name->data[i] < ' ' || name->data[i] > '~' || name->data[i] == '=')
			printf("=%02X", name->data[i]);
		else
			putchar(name->data[i]);
	}
}

static void put_unix(const UnixSkEntry *u)
{
	printf("unix[%u (%u)", u->ino, u->peer);
	if (u->name.len) {
		putchar(' ');
		put_unix_name(&u->name);
	}
	putchar(']');
}

void put_file(const struct checkpoint *c, FdTypes type, uint32_t id)
{
	const struct open_file key = { .type = type, .id = id };
	const struct open_file *f = NULL;
	const ProtobufCEnumValue *name;

	if (c->nr_files)
		f = bsearch(&key, c->files, c->nr_files, sizeof(*c->files), by_type_and_id);
	switch (type) {
	case FD_TYPES__REG:
		put_text(f ? ((const RegFileEntry *)f->entry)->name : "unknown path");
		return;
	case FD_TYPES__PIPE:
		if (f)
			printf("pipe[%u]", ((const PipeEntry *)f->entry)->pipe_id);
		else
			printf("pipe[?]");
		return;
	case FD_TYPES__UNIXSK:
		if (f)
			put_unix(f->entry);
		else
			printf("unix[?]");
		return;
	default:
		name = protobuf_c_enum_descriptor_get_value(&fd_types__descriptor, (int)type);
		printf("%s.%u", name ? name->name : "?", id);
	}
}
