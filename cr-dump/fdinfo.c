// SPDX-License-Identifier: GPL-2.0-only
/* What /proc/PID/fdinfo says: the keys that every open file has here, the others are for its kind. */
#include <fcntl.h>
#include <string.h>

#include "cr-dump/files.h"

#define LINE_MAX_ 512

int fdinfo_each(const char *text, int (*fn)(void *arg, const char *key, const char *val, struct err *e), void *arg,
		struct err *e)
{
	char line[LINE_MAX_];

	while (*text) {
		size_t len = strcspn(text, "\n"), n = len < sizeof(line) ? len : sizeof(line) - 1;
		char *colon;

		memcpy(line, text, n);
		line[n] = '\0';
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

struct common {
	struct fdinfo *f;
	bool more;
};

static int common_key(void *arg, const char *key, const char *val, struct err *e)
{
	struct common *c = arg;
	char *end = (char *)val;

	if (!strcmp(key, "pos"))
		c->f->pos = strtoull(val, &end, 10);
	else if (!strcmp(key, "flags"))
		c->f->flags = strtoul(val, &end, 8);
	else if (!strcmp(key, "mnt_id"))
		c->f->mnt_id = strtol(val, &end, 10);
	else if (!strcmp(key, "ino"))
		c->f->ino = strtoull(val, &end, 10);
	else {
		c->more = true;
		return 0;
	}
	if (end == val || *end)
		return err_set(e, 0, "fdinfo has \"%s: %s\", not a number", key, val);
	return 0;
}

int fdinfo_parse(const char *text, struct fdinfo *f, bool *more_ret, struct err *e)
{
	struct common c = { .f = f };

	if (fdinfo_each(text, common_key, &c, e))
		return -1;
	f->cloexec = f->flags & O_CLOEXEC ? FD_CLOEXEC : 0;
	f->flags &= ~O_CLOEXEC;
	*more_ret = c.more;
	return 0;
}
