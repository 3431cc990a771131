// SPDX-License-Identifier: GPL-2.0-only
/*
 * Labels of SELinux that open files have from the process that made them: sockets, pipes, and files of no directory (memfd). The
 * label of any other file is in its file system, or comes from the policy.
 */
#include <string.h>

#include "base/security.h"
#include "cr-dump/files.h"

static bool is_labelled(const struct fd_facts *f)
{
	return f->family >= 0 || !strncmp(f->link, "pipe:", 5) || !strncmp(f->link, "/memfd:", 7);
}

void files_label(struct dump_ctx *ctx, struct open_file *of, const struct fd_facts *f)
{
	char label[LABEL_MAX];

	if (security_module() == SECURITY_SELINUX && is_labelled(f) && security_of_fd(f->fd, label))
		of->label = pool_str(&ctx->pool, label);
}
