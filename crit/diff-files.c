// SPDX-License-Identifier: GPL-2.0-only
/* crit diff: the descriptors of a task, the open files behind them, and what waits in their queues. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crit/diff.h"

/* A descriptor table in order of descriptors. */
struct table {
	const FdinfoEntry **list;
	size_t nr;
};

static int by_fd(const void *a, const void *b)
{
	uint32_t x = (*(const FdinfoEntry *const *)a)->fd, y = (*(const FdinfoEntry *const *)b)->fd;

	return (x > y) - (x < y);
}

static bool table_of(struct table *t, const struct side *s, const struct task *task)
{
	const struct image *i = task->alive ? images_find(&s->index.im, IMG_FDINFO, task->files_id) : NULL;

	*t = (struct table){ .nr = i ? i->nr : 0, .list = calloc((i ? i->nr : 0) + 1, sizeof(*t->list)) };
	if (!t->list)
		return false;
	for (size_t n = 0; n < t->nr; n++)
		t->list[n] = (const FdinfoEntry *)i->msgs[n];
	qsort(t->list, t->nr, sizeof(*t->list), by_fd);
	return true;
}

const struct file *diff_file(const struct side *s, FdTypes type, uint32_t id)
{
	const uint32_t *n = map_get(&s->index.map, SPACE_FILE + type, id);

	return n ? &s->index.files[*n] : NULL;
}

const char *diff_path(const struct side *s, uint32_t id)
{
	const struct file *f = diff_file(s, FD_TYPES__REG, id);

	return f && f->entry ? ((const RegFileEntry *)f->entry)->name : "?";
}

static const char *type_name(FdTypes type)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&fd_types__descriptor, type);

	return v ? v->name : "?";
}

static void put_descriptor(struct diff *d, const struct subject *s, const char *change, const struct side *side,
			   const FdinfoEntry *fd)
{
	struct json_object *row = diff_row(s, change);

	row_text(row, "type", type_name(fd->type));
	if (fd->type == FD_TYPES__REG)
		row_text(row, "path", diff_path(side, fd->id));
	diff_put(d, row);
}

/* What waits behind an open file: "2 packets, 11 bytes". */
static const char *queue(const struct side *s, const struct file *f, char *buf, size_t size)
{
	enum img_id in = f->type == FD_TYPES__PIPE ? IMG_PIPES_DATA :
			 f->type == FD_TYPES__FIFO ? IMG_FIFO_DATA :
						     IMG_SK_QUEUES;
	uint32_t id = f->type == FD_TYPES__PIPE ? ((const PipeEntry *)f->entry)->pipe_id :
		      f->type == FD_TYPES__FIFO ? ((const FifoEntry *)f->entry)->pipe_id :
						  f->id;
	const uint32_t *packets = map_get(&s->packets, in, id), *bytes = map_get(&s->bytes, in, id);

	if (!bytes || !packets)
		return "empty";
	if (in == IMG_SK_QUEUES)
		snprintf(buf, size, "%u %s, %u bytes", *packets, *packets == 1 ? "packet" : "packets", *bytes);
	else
		snprintf(buf, size, *bytes ? "%u bytes" : "empty", *bytes);
	return buf;
}

static void compare_queues(struct diff *d, const struct subject *s, const struct file *x, const struct file *y)
{
	static const char *const lengths[] = { "inq_seq",    "outq_seq", "timestamp", "snd_wl1", "snd_wnd",
					       "max_window", "rcv_wnd",	 "rcv_wup",   NULL };
	char a[64], b[64];
	const char *p, *q;

	if (x->type == FD_TYPES__INETSK) {
		diff_messages(d, s, "stream",
			      images_one(&d->a.index.im, IMG_TCP_STREAM, ((const InetSkEntry *)x->entry)->ino),
			      images_one(&d->b.index.im, IMG_TCP_STREAM, ((const InetSkEntry *)y->entry)->ino),
			      lengths);
		return;
	}
	if (x->type != FD_TYPES__PIPE && x->type != FD_TYPES__FIFO && x->type != FD_TYPES__UNIXSK)
		return;
	p = queue(&d->a, x, a, sizeof(a));
	q = queue(&d->b, y, b, sizeof(b));
	if (strcmp(p, q))
		diff_field(d, s, "queue", p, q);
}

static void compare_files(struct diff *d, const struct subject *s, const FdinfoEntry *a, const FdinfoEntry *b)
{
	/* What is numbered anew in each dump, and what the queues say better. */
	static const char *const ignored[] = { "id",	"regf_id", "tty_info_id", "inode_id",
					       "ns_id", "mnt_id",  "queued",	  NULL };
	static const char *const only_flags[] = { "id", "type", "fd", NULL };
	const struct file *x = diff_file(&d->a, a->type, a->id), *y = diff_file(&d->b, b->type, b->id);

	diff_messages(d, s, "", &a->base, &b->base, only_flags);
	if (a->type != b->type) {
		diff_field(d, s, "type", type_name(a->type), type_name(b->type));
		return;
	}
	if (!x || !y || !x->entry || !y->entry)
		return;
	diff_messages(d, s, x->field, x->entry, y->entry, ignored);
	if (x->type == FD_TYPES__FIFO || x->type == FD_TYPES__TTY) {
		uint32_t p = x->type == FD_TYPES__FIFO ? ((const FifoEntry *)x->entry)->regf_id :
							 ((const TtyFileEntry *)x->entry)->regf_id;
		uint32_t q = x->type == FD_TYPES__FIFO ? ((const FifoEntry *)y->entry)->regf_id :
							 ((const TtyFileEntry *)y->entry)->regf_id;

		if (strcmp(diff_path(&d->a, p), diff_path(&d->b, q)))
			diff_field(d, s, "path", diff_path(&d->a, p), diff_path(&d->b, q));
	}
	compare_queues(d, s, x, y);
}

void diff_descriptors(struct diff *d, const struct task *a, const struct task *b)
{
	struct subject s = { .kind = "descriptor", .pid = a->entry->pid };
	struct table x = { 0 }, y = { 0 };

	if (!table_of(&x, &d->a, a) || !table_of(&y, &d->b, b))
		d->failed = err_nomem(d->e, "descriptors") != 0;
	for (size_t i = 0, k = 0; !d->failed && (i < x.nr || k < y.nr);) {
		const FdinfoEntry *p = i < x.nr ? x.list[i] : NULL, *q = k < y.nr ? y.list[k] : NULL;

		s.fd = !q || (p && p->fd < q->fd) ? p->fd : q->fd;
		if (p && q && p->fd == q->fd)
			compare_files(d, &s, p, q);
		else if (p && p->fd == s.fd)
			put_descriptor(d, &s, "gone", &d->a, p);
		else
			put_descriptor(d, &s, "new", &d->b, q);
		i += p && p->fd == s.fd;
		k += q && q->fd == s.fd;
	}
	free(x.list);
	free(y.list);
}
