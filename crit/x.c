// SPDX-License-Identifier: GPL-2.0-only
/* crit x: what a whole checkpoint holds. Each view has its own file. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "crit/checkpoint.h"
#include "crit/crit.h"

static const struct {
	const char *name;
	int (*view)(struct checkpoint *c, struct err *e);
} views[] = {
	{ "ps", view_ps },
	{ "fds", view_fds },
	{ "mems", view_mems },
	{ "rss", view_rss },
};

static int explore(const char *dir, const char *what, struct err *e)
{
	_cleanup_checkpoint_ struct checkpoint c = { 0 };
	size_t i = 0;

	while (i < ARRAY_SIZE(views) && strcmp(views[i].name, what))
		i++;
	if (i == ARRAY_SIZE(views))
		return crit_usage(e, "x: there is no view \"%s\"; there are ps, fds, mems and rss", what);
	if (checkpoint_open(&c, dir, e))
		return CRIT_FAILED;
	if (views[i].view(&c, e)) {
		err_in(e, "%s", dir);
		return CRIT_FAILED;
	}
	return CRIT_OK;
}

static int x_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return crit_help(self);
		return crit_usage(e, "x: bad option \"%s\"", argv[optind - 1]);
	}
	if (optind + 2 != argc)
		return crit_usage(e, "x: give a directory and a view");
	return explore(argv[optind], argv[optind + 1], e);
}

const struct crit_verb verb_x = {
	.name = "x",
	.summary = "what a checkpoint holds: tasks, descriptors, memory",
	.usage = "x DIR ps|fds|mems|rss\n"
		 "Explores the checkpoint in DIR.\n\n"
		 "  ps          the tree of tasks: pid, process group, session, command\n"
		 "  fds         the descriptors of each task, its working and root directory\n"
		 "  mems        the mappings of each task\n"
		 "  rss         the pages of each task that are in the images, by mapping\n"
		 "  -h, --help  this text\n",
	.run = x_run,
};
