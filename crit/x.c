// SPDX-License-Identifier: GPL-2.0-only
/* crit x: what a whole checkpoint holds. Each view has its own file. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "crit/crit.h"
#include "crit/x.h"

static const struct view *const views[] = {
#define VIEW(name) &view_##name,
	VIEWS(VIEW)
#undef VIEW
};

static int unknown_view(const char *what, struct err *e)
{
	char list[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
					 !i			    ? "" :
					 i + 1 == ARRAY_SIZE(views) ? " and " :
								      ", ",
					 views[i]->name);
	return crit_usage(e, "x: there is no view \"%s\"; there are %s", what, list);
}

static int explore(const char *dir, const char *what, bool json, struct err *e)
{
	_cleanup_checkpoint_ struct checkpoint c = { 0 };
	struct rows r;
	size_t i = 0;
	int rc;

	while (i < ARRAY_SIZE(views) && strcmp(views[i]->name, what))
		i++;
	if (i == ARRAY_SIZE(views))
		return unknown_view(what, e);
	if (checkpoint_open(&c, dir, e))
		return CRIT_FAILED;
	rows_begin(&r, json, views[i]->text);
	rc = views[i]->rows(&c, &r, e);
	rows_end(&r);
	if (rc)
		err_in(e, "%s", dir);
	return rc ? CRIT_FAILED : CRIT_OK;
}

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ 0 },
};

static int x_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	bool json = false;
	int status;

	if (crit_flag(self, argc, argv, &json, &status, e))
		return status;
	if (optind + 2 != argc)
		return crit_usage(e, "x: give a directory or an archive, and a view");
	return explore(argv[optind], argv[optind + 1], json, e);
}

const struct crit_verb verb_x = {
	.name = "x",
	.summary = "what a checkpoint holds: tasks, descriptors, memory, sockets ...",
	.usage = "x [--json] DIR ps|fds|mems|rss|sk|mounts|env|args|threads|signals|ns\n"
		 "Explores the checkpoint in DIR, a directory or an archive (tar, also compressed).\n\n"
		 "  ps          the tree of tasks: pid, process group, session, command\n"
		 "  fds         the descriptors of each task, its working and root directory\n"
		 "  mems        the mappings of each task\n"
		 "  rss         the pages of each task that are in the images, by mapping\n"
		 "  sk          sockets: addresses, state, queues, who is connected, who has them\n"
		 "  mounts      the tree of mounts of each mount namespace\n"
		 "  env         the environment of each task, from its memory\n"
		 "  args        the command line of each task, from its memory\n"
		 "  threads     threads: what they were doing, scheduling, seccomp, registers\n"
		 "  signals     pending, blocked, ignored and caught signals, timers\n"
		 "  ns          namespaces, which are the checkpoint's own, what is in them\n\n"
		 "  --json      an array with one object a row, which has more facts\n"
		 "  -h, --help  this text\n",
	.options = options,
	.paged = true,
	.run = x_run,
};
