// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads all of /proc/PID/fdinfo, of all tables of the tree at once. That is half of the work on a tree with many descriptors, and
 * needs no order: several threads do it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cr-dump/early.h"
#include "cr-dump/files.h"
#include "cr-dump/team.h"

#define MANY_TABLES 8  /* worth a thread */
#define MANY	    48 /* descriptors that are */
#define BLOCK	    64 /* that a thread takes at once */

/* --- lists -------------------------------------------------------------------------------------------------- */

static int add(struct table *table, int number, size_t *room)
{
	if (table->nr_slots == *room) {
		size_t more = *room ? 2 * *room : 64;
		struct fdinfo *bigger = realloc(table->infos, more * sizeof(*bigger));

		if (!bigger)
			return -1;
		table->infos = bigger;
		*room = more;
	}
	table->infos[table->nr_slots++] = (struct fdinfo){ .number = number, .early = -1 };
	return 0;
}

/* The kernel lists descriptors in ascending order. */
static int list_one(void *arg, size_t i, char **scratch, struct err *e)
{
	struct table *table = ((struct table **)arg)[i];
	const struct task *t = table->task;
	int fd = openat(t->procfd, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d = NULL;
	size_t room = 0;

	while (dir && (errno = 0, d = readdir(dir)))
		if (d->d_name[0] != '.' && add(table, atoi(d->d_name), &room))
			return err_nomem(e, "the list of descriptors");
	return errno ? err_set(e, errno, "pid %d: cannot list /proc/%d/fdinfo", t->pid, t->tid) : 0;
}

/* --- texts -------------------------------------------------------------------------------------------------- */

struct block {
	struct table *table;
	size_t from, to;
};

/* What a thread reads into. */
struct buffer {
	size_t size;
	char text[];
};

static struct buffer *grow(char **scratch)
{
	struct buffer *b = (struct buffer *)*scratch;
	size_t size = b ? 2 * b->size : 4096;

	b = realloc(b, sizeof(*b) + size);
	if (!b)
		return NULL;
	b->size = size;
	*scratch = (char *)b;
	return b;
}

/* The whole file: a large epoll set has a long one. The kernel gives all that there is room for, so no room left means more. */
static int read_text(int early, int dir, int number, char **scratch)
{
	struct buffer *b = *scratch ? (struct buffer *)*scratch : grow(scratch);
	size_t len = 0;
	char name[16];
	ssize_t n;

	snprintf(name, sizeof(name), "%d", number);
	_cleanup_close_ int fd = early >= 0 ? early : openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	while (b && (n = read(fd, b->text + len, b->size - len)) >= 0) {
		len += n;
		if (len < b->size) {
			b->text[len] = '\0';
			return 0;
		}
		b = grow(scratch);
	}
	return b ? errno : ENOMEM;
}

static int read_one(int dir, struct fdinfo *f, char **scratch, struct err *e)
{
	int errnum = read_text(take_fd(f->early), dir, f->number, scratch);
	const char *text;
	bool more;

	if (errnum)
		return err_set(e, errnum, "cannot read its fdinfo");
	text = ((struct buffer *)*scratch)->text;
	if (fdinfo_parse(text, f, &more, e))
		return -1;
	f->text = more ? strdup(text) : NULL;
	return more && !f->text ? err_nomem(e, "its fdinfo") : 0;
}

static int read_block(void *arg, size_t i, char **scratch, struct err *e)
{
	const struct block *b = (const struct block *)arg + i;
	const struct task *t = b->table->task;
	_cleanup_close_ int dir = openat(t->procfd, "fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_set(e, errno, "pid %d: cannot open /proc/%d/fdinfo", t->pid, t->tid);
	for (size_t at = b->from; at < b->to; at++) {
		struct fdinfo *f = &b->table->infos[at];

		if (!read_one(dir, f, scratch, e))
			continue;
		/* What was open before the tree stood still may be closed by now. */
		if (!b->table->early)
			return err_in(e, "pid %d: fd %d", t->pid, f->number);
		f->number = -1;
	}
	return 0;
}

/* --- all ---------------------------------------------------------------------------------------------------- */

static int read_tables(struct table **tables, size_t nr, struct err *e)
{
	_cleanup_free_ struct block *blocks = NULL;
	size_t nr_blocks = 0, slots = 0;

	for (size_t i = 0; i < nr; i++)
		slots += tables[i]->nr_slots;
	blocks = calloc(nr + slots / BLOCK + 1, sizeof(*blocks));
	if (!blocks)
		return err_nomem(e, "the list of descriptors");
	for (size_t i = 0; i < nr; i++)
		for (size_t at = 0, n = tables[i]->nr_slots; at < n; at += BLOCK)
			blocks[nr_blocks++] = (struct block){ tables[i], at, at + BLOCK < n ? at + BLOCK : n };
	return parallel(nr_blocks, slots >= MANY, read_block, blocks, e);
}

static int list_and_read(struct table **tables, size_t nr, struct err *e)
{
	return parallel(nr, nr >= MANY_TABLES, list_one, tables, e) || read_tables(tables, nr, e) ? -1 : 0;
}

/* The list that was made before the tree stood still. */
static int take_early(struct table *table, struct early_table *early, struct err *e)
{
	table->infos = calloc(early->nr, sizeof(*table->infos));
	if (!table->infos)
		return err_nomem(e, "the list of descriptors");
	table->early = true;
	for (; table->nr_slots < early->nr; table->nr_slots++) {
		struct early_fd *f = &early->fds[table->nr_slots];

		table->infos[table->nr_slots] =
			(struct fdinfo){ .number = f->number, .early = take_fd(f->fd), .name = f->name };
	}
	return 0;
}

/* Drops what is closed by now. False when there are others. */
static bool is_complete(struct table *table)
{
	size_t nr = 0;
	struct stat st;

	for (size_t i = 0; i < table->nr_slots; i++)
		if (table->infos[i].number >= 0)
			table->infos[nr++] = table->infos[i];
	table->nr_slots = nr;
	table->early = false;
	return !fstatat(table->task->procfd, "fd", &st, 0) && (size_t)st.st_size == nr;
}

int fdinfo_read(const struct dump_ctx *ctx, struct table *tables, size_t nr, struct err *e)
{
	_cleanup_free_ struct table **list = calloc(nr, sizeof(*list));
	struct early_table *early;
	size_t known = 0, unknown = 0;

	if (!list)
		return err_nomem(e, "the list of descriptors");
	for (size_t i = 0; i < nr; i++) {
		early = early_table(ctx, tables[i].task);
		if (early && early->nr && take_early(&tables[i], early, e))
			return -1;
		if (tables[i].early)
			list[known++] = &tables[i];
	}
	if (read_tables(list, known, e))
		return -1;
	for (size_t i = 0; i < nr; i++) {
		if (tables[i].infos && is_complete(&tables[i]))
			continue;
		fdinfo_free(&tables[i], 1);
		tables[i].nr_slots = 0;
		list[unknown++] = &tables[i];
	}
	log_debug("%zu tables were known before", nr - unknown);
	return list_and_read(list, unknown, e);
}

void fdinfo_free(struct table *tables, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		for (size_t at = 0; tables[i].infos && at < tables[i].nr_slots; at++)
			free(tables[i].infos[at].text);
		free(tables[i].infos);
		tables[i].infos = NULL;
	}
}
