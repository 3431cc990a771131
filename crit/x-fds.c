// SPDX-License-Identifier: GPL-2.0-only
/* crit x fds: the descriptors of each task, its working and its root directory. */
#include <inttypes.h>
#include <stdio.h>

#include "base/guard.h"
#include "crit/x.h"

static int put_descriptor(const struct checkpoint *c, struct rows *r, uint32_t pid, const FdinfoEntry *fd,
			  struct err *e)
{
	struct json_object *row = row_of_task(pid);

	row_uint(row, "fd", fd->fd);
	row_file(row, c, fd->type, fd->id);
	row_bool(row, "cloexec", fd->flags & 1);
	if (fd->has_locks)
		row_uint(row, "locks", fd->locks);
	row_message(row, "file", checkpoint_file(c, fd->type, fd->id));
	if (fd->type == FD_TYPES__MEMFD)
		row_message(row, "memfd", checkpoint_memfd(c, fd->id));
	return rows_put(r, row, e);
}

static int put_directory(const struct checkpoint *c, struct rows *r, uint32_t pid, const char *which, uint32_t id,
			 struct err *e)
{
	struct json_object *row = row_of_task(pid);

	row_text(row, "dir", which);
	row_file(row, c, FD_TYPES__REG, id);
	row_message(row, "file", checkpoint_file(c, FD_TYPES__REG, id));
	return rows_put(r, row, e);
}

static int put_descriptors(struct checkpoint *c, struct rows *r, uint32_t pid, struct img_reader *table, struct err *e)
{
	ProtobufCMessage *msg;
	int rc;

	while ((rc = img_get(table, &msg, e)) > 0) {
		rc = put_descriptor(c, r, pid, (const FdinfoEntry *)msg, e);
		img_free(msg);
		if (rc)
			return -1;
	}
	return rc;
}

static int put_directories(struct checkpoint *c, struct rows *r, uint32_t pid, struct err *e)
{
	ProtobufCMessage *msg;
	const FsEntry *fs;
	int rc = 0;

	if (source_optional(c->source, IMG_FS, pid, &msg, e))
		return -1;
	fs = (const FsEntry *)msg;
	if (fs)
		rc = put_directory(c, r, pid, "cwd", fs->cwd_id, e) || put_directory(c, r, pid, "root", fs->root_id, e);
	img_free(msg);
	return rc ? -1 : 0;
}

static int fds_rows(struct checkpoint *c, struct rows *r, struct err *e)
{
	if (checkpoint_files(c, e))
		return -1;
	for (size_t i = 0; i < c->nr_tasks; i++) {
		_cleanup_img_reader_ struct img_reader *table = NULL;
		uint32_t pid = c->tasks[i]->pid;
		size_t before = r->nr;

		if (checkpoint_fdinfo(c, pid, &table, e))
			return -1;
		if (table && (put_descriptors(c, r, pid, table, e) || put_directories(c, r, pid, e)))
			return -1;
		if (r->nr == before && rows_put(r, row_of_task(pid), e))
			return -1;
	}
	return 0;
}

static void fds_text(struct json_object *row, struct json_object *before)
{
	put_task(row, before);
	if (row_has(row, "fd"))
		printf("\t%7" PRIu64 ": ", row_get_uint(row, "fd"));
	else if (row_has(row, "dir"))
		printf("\t%7s: ", row_get_text(row, "dir"));
	else
		return;
	put_text(row_get_text(row, "name"));
	putchar('\n');
}

const struct view view_fds = {
	.name = "fds",
	.rows = fds_rows,
	.text = fds_text,
};
