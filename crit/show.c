// SPDX-License-Identifier: GPL-2.0-only
/* crit show: an image as pretty JSON on standard output. */
#include <unistd.h>

#include "base/guard.h"
#include "crit/colour.h"
#include "crit/crit.h"
#include "libimg/json.h"

static int show(const char *in, unsigned int flags, struct err *e)
{
	_cleanup_close_ int fd = crit_open_input(in, e);

	int ret, painter;

	if (fd < 0)
		return CRIT_FAILED;
	colour_json_begin(&painter);
	ret = img_decode(fd, in, STDOUT_FILENO, "standard output", flags, e);
	if (!ret && for_people() && write(STDOUT_FILENO, "\n", 1) < 0)
		ret = err_set(e, errno, "cannot write to standard output");
	colour_json_end(painter);
	return ret ? CRIT_FAILED : CRIT_OK;
}

static int show_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	unsigned int flags = IMG_JSON_PRETTY;
	int c, status;

	while ((c = crit_option(self, argc, argv, &status, e)) > 0)
		flags |= IMG_JSON_NO_PAYLOAD;
	if (c < 0)
		return status;
	if (optind + 1 != argc)
		return crit_usage(e, "show: give one image");
	return show(argv[optind], flags, e);
}

const struct crit_verb verb_show = {
	.name = "show",
	.summary = "an image as JSON for people, on standard output",
	.usage = "show [--nopl] IMAGE\n"
		 "Shows an image as \"crit decode --pretty\" does.\n\n"
		 "      --nopl  sizes instead of payloads (pipe contents and the like)\n"
		 "  -h, --help  this text\n",
	.options = (const struct option[]){ { "nopl", no_argument, NULL, 'n' }, { 0 } },
	.paged = true,
	.run = show_run,
};
