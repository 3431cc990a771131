// SPDX-License-Identifier: GPL-2.0-only
/* What /proc/PID/fdinfo says: the keys that every open file has here, the others are for its kind. */
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

int fdinfo_parse(struct task *t, int number, const char *text, struct fd_facts *f, uint32_t *cloexec_ret, struct err *e)
{
	*f = (struct fd_facts){ .task = t, .number = number, .fd = -1, .family = -1, .text = text };
	if (fdinfo_each(text, common_key, f, e))
		return -1;
	*cloexec_ret = f->flags & O_CLOEXEC ? FD_CLOEXEC : 0;
	f->flags &= ~O_CLOEXEC;
	return 0;
}
