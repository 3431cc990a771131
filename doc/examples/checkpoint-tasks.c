// SPDX-License-Identifier: MIT
/*
 * The tasks of a checkpoint and how much of their memory is in the images: an example of a program that uses libimg.
 *
 *	cc checkpoint-tasks.c $(pkg-config --cflags --libs libimg) -o checkpoint-tasks
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <crkit/libimg.h>
#include <crkit/proto/core.pb-c.h>
#include <crkit/proto/pstree.pb-c.h>

static int complain(const struct err *e)
{
	char text[1536];

	fprintf(stderr, "checkpoint-tasks: %s\n", img_err_text(e, text, sizeof(text)));
	return 1;
}

/* The pages that a page map has in its pages image. A dead task has no page map. */
static int count_pages(int dir, uint32_t pid, uint64_t *ret, struct err *e)
{
	struct img_reader *reader;
	struct img_pagemap map;
	int rc;

	*ret = 0;
	if (img_open(dir, IMG_PAGEMAP, pid, &reader, e))
		return e->errnum == ENOENT ? 0 : -1;
	rc = img_get_pagemap(reader, &map, e);
	for (size_t i = 0; !rc && i < map.nr_runs; i++) {
		if (map.runs[i].flags & IMG_PRESENT)
			*ret += map.runs[i].nr;
	}
	img_pagemap_free(&map);
	img_close(&reader);
	return rc;
}

static int show_task(int dir, const PstreeEntry *task, struct err *e)
{
	ProtobufCMessage *msg;
	const CoreEntry *core;
	uint64_t pages;

	if (count_pages(dir, task->pid, &pages, e) || img_read_one(dir, IMG_CORE, task->pid, &msg, e))
		return -1;
	core = (const CoreEntry *)msg;
	printf("%8u %8u %8llu KiB  %s\n", task->pid, task->ppid, (unsigned long long)pages * (IMG_PAGE_SIZE / 1024),
	       core->tc ? core->tc->comm : "?");
	img_free(msg);
	return 0;
}

int main(int argc, char **argv)
{
	struct img_reader *reader;
	ProtobufCMessage *msg;
	struct err e;
	int dir, rc;

	if (argc != 2) {
		fprintf(stderr, "usage: checkpoint-tasks DIR\n");
		return 2;
	}
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		perror(argv[1]);
		return 1;
	}
	if (img_open(dir, IMG_PSTREE, 0, &reader, &e))
		return complain(&e);
	while ((rc = img_get(reader, &msg, &e)) > 0) {
		rc = show_task(dir, (const PstreeEntry *)msg, &e);
		img_free(msg);
		if (rc)
			break;
	}
	img_close(&reader);
	close(dir);
	return rc ? complain(&e) : 0;
}
