// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors of namespaces (/proc/PID/ns): of those that the tree shares with this program. Others are refused. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "cr-dump/files.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* With the numbers that core.c gives them in the ids images. */
static const struct {
	const char *name;
	uint32_t flag, id;
} spaces[] = {
	{ "pid", CLONE_NEWPID, 1 },   { "net", CLONE_NEWNET, NET_NS_ID }, { "ipc", CLONE_NEWIPC, IPC_NS_ID },
	{ "uts", CLONE_NEWUTS, 4 },   { "time", CLONE_NEWTIME, 5 },	  { "mnt", CLONE_NEWNS, 6 },
	{ "user", CLONE_NEWUSER, 7 }, { "cgroup", CLONE_NEWCGROUP, 8 },
};

/* "net:[4026531840]" */
static int space_of(const char *link)
{
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		size_t len = strlen(spaces[i].name);

		if (!strncmp(link, spaces[i].name, len) && !strncmp(link + len, ":[", 2))
			return i;
	}
	return -1;
}

static bool ns_claims(const struct fd_facts *f)
{
	return S_ISREG(f->st.st_mode) && space_of(f->link) >= 0 && !(f->flags & O_PATH);
}

static int ns_save(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f, struct err *e)
{
	int i = space_of(f->link);
	NsFileEntry *r;
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", spaces[i].name);
	if (stat(path, &st))
		return err_set(e, errno, "cannot stat %s", path);
	if (st.st_ino != f->st.st_ino || st.st_dev != f->st.st_dev) {
		refuse_file(ctx, of, NULL,
			    "is a namespace (%s) other than that of cr-dump: not supported by this version", f->link);
		return 0;
	}
	r = of->entry->nsf = POOL_MSG(&ctx->pool, NsFileEntry, ns_file_entry);
	r->id = of->id;
	r->ns_id = spaces[i].id;
	r->ns_cflag = spaces[i].flag;
	r->flags = f->flags;
	return 0;
}

const struct dump_kind dump_ns = {
	.name = "namespace",
	.type = FD_TYPES__NS,
	.claims = ns_claims,
	.by_name = true,
	.save = ns_save,
};
