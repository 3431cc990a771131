// SPDX-License-Identifier: GPL-2.0-only
/* Files that crit reads and writes: standard streams by default, and never half a file in place of a whole one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/crit.h"

int crit_open_input(const char *path, struct err *e)
{
	int fd;

	if (!path)
		return STDIN_FILENO;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "cannot open %s", path) : fd;
}

/* The file a path leads to, through links; the path itself where nothing is yet. */
static char *real_target(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : strdup(path);
}

static int open_temporary(struct output *o, mode_t mode, struct err *e)
{
	if (asprintf(&o->temporary, "%s.XXXXXX", o->target) < 0) {
		o->temporary = NULL;
		return err_nomem(e, o->name);
	}
	o->fd = mkostemp(o->temporary, O_CLOEXEC);
	if (o->fd < 0) {
		err_set(e, errno, "cannot create %s", o->temporary);
		free(take_ptr(o->temporary));
		return -1;
	}
	if (fchmod(o->fd, mode))
		return err_set(e, errno, "cannot set the mode of %s", o->temporary);
	return 0;
}

int output_open(struct output *o, const char *path, struct err *e)
{
	struct stat st;
	mode_t mask;
	bool exists;

	*o = (struct output){ .fd = STDOUT_FILENO, .is_stdout = !path, .name = path ? path : "standard output" };
	if (!path)
		return 0;
	o->fd = -1;
	exists = !stat(path, &st);
	if (exists && !S_ISREG(st.st_mode)) {
		o->fd = open(path, O_WRONLY | O_CLOEXEC);
		return o->fd < 0 ? err_set(e, errno, "cannot open %s", path) : 0;
	}
	o->target = real_target(path);
	if (!o->target)
		return err_nomem(e, path);
	mask = umask(0);
	umask(mask);
	return open_temporary(o, exists ? st.st_mode & 07777 : 0666 & ~mask, e);
}

int output_commit(struct output *o, struct err *e)
{
	int fd = take_fd(o->fd);

	if (o->is_stdout)
		return 0;
	if (close(fd) && errno != EINTR)
		return err_set(e, errno, "cannot write %s", o->name);
	if (!o->temporary)
		return 0;
	if (rename(o->temporary, o->target))
		return err_set(e, errno, "cannot put %s in place", o->name);
	free(take_ptr(o->temporary));
	return 0;
}

void output_close(struct output *o)
{
	int saved = errno;

	if (!o->is_stdout && o->fd >= 0)
		close(o->fd);
	if (o->temporary)
		unlink(o->temporary);
	free(o->temporary);
	free(o->target);
	errno = saved;
}
