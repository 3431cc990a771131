// SPDX-License-Identifier: GPL-2.0-only
/* Reading files of /proc/PID whole. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cr-dump/dump.h"

int proc_read(struct dump_ctx *ctx, const struct task *t, const char *name, char **ret, size_t *len_ret, struct err *e)
{
	_cleanup_close_ int fd = openat(t->procfd, name, O_RDONLY | O_CLOEXEC);
	size_t size = 4096, len = 0;
	_cleanup_free_ char *buf = NULL;

	if (fd < 0)
		return err_set(e, errno == ENOENT ? ESRCH : errno, "cannot open /proc/%d/%s", t->tid, name);
	for (;;) {
		char *bigger = realloc(buf, size);
		ssize_t n;

		if (!bigger)
			return err_nomem(e, name);
		buf = bigger;
		n = read(fd, buf + len, size - len - 1);
		if (n < 0)
			return err_set(e, errno, "cannot read /proc/%d/%s", t->tid, name);
		if (!n)
			break;
		len += n;
		if (size - len < 2)
			size *= 2;
	}
	buf[len] = '\0';
	*ret = pool_copy(&ctx->pool, buf, len + 1);
	*len_ret = len;
	return 0;
}
