// SPDX-License-Identifier: GPL-2.0-only
/* Reads /proc/PID/fdinfo: the keys that every open file has here, the others are for its kind. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cr-dump/files.h"

#define LINE_MAX_ 512

int fdinfo_each(const char *text, int (*fn)(void *arg, const char *key, const char *val, struct err *e), void *arg,
		struct err *e)
{
	char line[LINE_MAX_];

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *colon;

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		text += len + (text[len] == '\n');
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		if (fn(arg, line, colon + 1 + strspn(colon + 1, " \t"), e))
			return -1;
	}
	return 0;
}

static int common_key(void *arg, const char *key, const char *val, struct err *e)
{
	struct fd_facts *f = arg;
	char *end = (char *)val;

	if (!strcmp(key, "pos"))
		f->pos = strtoull(val, &end, 10);
	else if (!strcmp(key, "flags"))
		f->flags = strtoul(val, &end, 8);
	else if (!strcmp(key, "mnt_id"))
		f->mnt_id = strtol(val, &end, 10);
	else if (!strcmp(key, "ino"))
		f->ino = strtoull(val, &end, 10);
	else
		return 0;
	if (end == val || *end)
		return err_set(e, 0, "fdinfo has \"%s: %s\", not a number", key, val);
	return 0;
}

/* The whole file: a large epoll set has a long one. */
static int read_text(struct dump_ctx *ctx, struct files *fs, int fd, struct err *e)
{
	size_t len = 0;
	ssize_t n;

	for (;;) {
		if (fs->text_size - len < 4096) {
			size_t size = fs->text_size ? 2 * fs->text_size : 8192;
			char *bigger = pool_alloc(&ctx->pool, size);

			if (len)
				memcpy(bigger, fs->text, len);
			fs->text = bigger;
			fs->text_size = size;
		}
		n = read(fd, fs->text + len, fs->text_size - len - 1);
		if (n < 0)
			return err_set(e, errno, "cannot read its fdinfo");
		len += n;
		if (!n)
			break;
	}
	fs->text[len] = '\0';
	return 0;
}

int fdinfo_read(struct dump_ctx *ctx, struct task *t, int dir, const char *name, struct fd_facts *f,
		uint32_t *cloexec_ret, struct err *e)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct files *fs = files_of(ctx);

	if (fd < 0)
		return err_set(e, errno, "cannot open /proc/%d/fdinfo/%s", t->pid, name);
	if (read_text(ctx, fs, fd, e))
		return -1;
	*f = (struct fd_facts){ .task = t, .number = atoi(name), .fd = -1, .family = -1, .text = fs->text };
	if (fdinfo_each(fs->text, common_key, f, e))
		return -1;
	*cloexec_ret = f->flags & O_CLOEXEC ? FD_CLOEXEC : 0;
	f->flags &= ~O_CLOEXEC;
	return 0;
}
