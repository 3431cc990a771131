// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors of namespaces: of those of this program, which the tree gets. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "cr-restore/files.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static const struct {
	uint32_t flag;
	const char *name;
} spaces[] = {
	{ CLONE_NEWPID, "pid" },   { CLONE_NEWNET, "net" }, { CLONE_NEWIPC, "ipc" },   { CLONE_NEWUTS, "uts" },
	{ CLONE_NEWTIME, "time" }, { CLONE_NEWNS, "mnt" },  { CLONE_NEWUSER, "user" }, { CLONE_NEWCGROUP, "cgroup" },
};

static const char *name_of(const NsFileEntry *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		if (spaces[i].flag == r->ns_cflag)
			return spaces[i].name;
	return NULL;
}

static int ns_check(struct restore_ctx *ctx, const FileEntry *f, struct err *e)
{
	if (!name_of(f->nsf))
		problem(ctx, NULL, "file %u is a namespace of an unknown sort (%#x)", f->id, f->nsf->ns_cflag);
	return 0;
}

static int ns_make(struct restore_ctx *ctx, const FileEntry *f, int *fd_ret, struct err *e)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name_of(f->nsf));
	*fd_ret = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd_ret < 0)
		return err_set(e, errno, "cannot open %s", path);
	return file_set_flags(*fd_ret, f->nsf->flags, e);
}

const struct restore_kind restore_ns = {
	.name = "namespace",
	.type = FD_TYPES__NS,
	.check = ns_check,
	.make = ns_make,
};
