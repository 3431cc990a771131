// SPDX-License-Identifier: GPL-2.0-only
/* Around the work of a command: see command.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/command.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/version.h"

static int open_dir(const char *path, const char *option, int *fd_ret, struct err *e)
{
	*fd_ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd_ret >= 0)
		return 0;
	err_set(e, errno, "cannot open the directory %s", path);
	return err_hint(e, "it must exist; choose it with %s", option);
}

static int run(const struct command *c, const struct opts *opts, struct err *e)
{
	_cleanup_close_ int images_fd = -1, work_fd = -1;

	if (open_dir(opts->images_dir, "-D", &images_fd, e) ||
	    open_dir(opts->work_dir ? opts->work_dir : opts->images_dir, "-W", &work_fd, e) ||
	    log_open(c->name, work_fd, opts->log_file, opts->verbosity, e))
		return -1;
	return c->run(opts, images_fd, work_fd, e);
}

int command_main(const struct command *c, int argc, char **argv)
{
	struct opts opts;
	struct err e = { 0 };
	int ret = log_open(c->name, -1, NULL, LOG_WARN, &e);

	if (opts_parse(c->tool, argc, argv, &opts, &e)) {
		log_err(&e);
		fprintf(stderr, "%s: hint: %s --help lists the options\n", c->name, c->name);
		return 1;
	}
	if (opts.help) {
		opts_usage(c->tool);
		return 0;
	}
	if (opts.version) {
		printf("%s %s\n", c->name, CRKIT_VERSION);
		return 0;
	}
	ret = run(c, &opts, &e);
	if (ret < 0)
		log_err(&e);
	log_close();
	return ret < 0 ? 1 : ret;
}
