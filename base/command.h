/* SPDX-License-Identifier: GPL-2.0-only */
/* What both commands are around their work: the command line, --help and --version, directories, the log, the exit status. */
#ifndef CRKIT_COMMAND_H
#define CRKIT_COMMAND_H

#include "base/opts.h"

struct command {
	const char *name;
	enum opts_tool tool;
	/* The work, with both directories open and the log begun. Returns the exit status, or -1 with *e. */
	int (*run)(const struct opts *opts, int images_fd, int work_fd, struct err *e);
};

/* main(), all of it. Returns the exit status. */
int command_main(const struct command *c, int argc, char **argv);

#endif
