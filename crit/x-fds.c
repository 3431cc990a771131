// SPDX-License-Identifier: GPL-2.0-only
/* crit x fds: the descriptors of each task. */
#include <errno.h>
#include <stdio.h>

#include "base/guard.h"
#include "crit/checkpoint.h"
#include "fs.pb-c.h"

static int show_table(const struct checkpoint *c, uint32_t files_id, struct err *e)
{
	_cleanup_img_reader_ struct img_reader *r = NULL;
	ProtobufCMessage *msg;
	int rc;

	if (source_image(c->source, IMG_FDINFO, files_id, &r, e))
		return -1;
	while ((rc = img_get(r, &msg, e)) > 0) {
		const FdinfoEntry *fd = (const FdinfoEntry *)msg;

		printf("\t%7u: ", fd->fd);
		put_file(c, fd->type, fd->id);
		putchar('\n');
		img_free(msg);
	}
	return rc;
}

static void show_dir(const struct checkpoint *c, const char *what, uint32_t id)
{
	printf("\t%7s: ", what);
	put_file(c, FD_TYPES__REG, id);
	putchar('\n');
}

/* The id of a task's descriptor table. Returns 1 when it has none: it is dead. */
static int table_id(const struct checkpoint *c, uint32_t pid, uint32_t *ret, struct err *e)
{
	ProtobufCMessage *msg;
	const CoreEntry *core;
	int rc = 1;

	if (source_optional(c->source, IMG_IDS, pid, &msg, e))
		return -1;
	if (msg) {
		*ret = ((const TaskKobjIdsEntry *)msg)->files_id;
		img_free(msg);
		return 0;
	}
	if (source_optional(c->source, IMG_CORE, pid, &msg, e))
		return -1;
	core = (const CoreEntry *)msg;
	if (core && core->ids) {
		*ret = core->ids->files_id;
		rc = 0;
	}
	img_free(msg);
	return rc;
}

static int show_task(const struct checkpoint *c, uint32_t pid, struct err *e)
{
	ProtobufCMessage *msg;
	uint32_t id = 0;
	int rc = table_id(c, pid, &id, e);

	printf("%u\n", pid);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (show_table(c, id, e) || source_optional(c->source, IMG_FS, pid, &msg, e))
		return -1;
	if (msg) {
		show_dir(c, "cwd", ((const FsEntry *)msg)->cwd_id);
		show_dir(c, "root", ((const FsEntry *)msg)->root_id);
	}
	img_free(msg);
	return 0;
}

int view_fds(struct checkpoint *c, struct err *e)
{
	if (checkpoint_files(c, e))
		return -1;
	for (size_t i = 0; i < c->nr_tasks; i++) {
		if (show_task(c, c->tasks[i]->pid, e))
			return -1;
	}
	return 0;
}
