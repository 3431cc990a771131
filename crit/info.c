// SPDX-License-Identifier: GPL-2.0-only
/* crit info: what an image is and how much is in it. */
#include <stdio.h>
#include <unistd.h>

#include "base/guard.h"
#include "crit/crit.h"
#include "libimg/json.h"

static int info(const char *in, struct err *e)
{
	_cleanup_close_ int fd = crit_open_input(in, e);
	struct img_info i;

	if (fd < 0 || img_inspect(fd, in, &i, e))
		return CRIT_FAILED;
	printf("{\n    \"magic\": \"%s\"", i.type->name);
	if (i.type->desc)
		printf(",\n    \"count\": %llu", (unsigned long long)i.entries);
	if (i.type->extra == IMG_EXTRA_PAGEMAP)
		printf(",\n    \"pages\": %llu", (unsigned long long)i.pages);
	printf(",\n    \"size\": %llu\n}\n", (unsigned long long)i.size);
	return CRIT_OK;
}

static int info_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	int status;

	if (crit_option(self, argc, argv, &status, e))
		return status;
	if (optind + 1 != argc)
		return crit_usage(e, "info: give one image");
	return info(argv[optind], e);
}

const struct crit_verb verb_info = {
	.name = "info",
	.summary = "what an image is and how much is in it",
	.usage = "info IMAGE\n"
		 "Tells the type of an image, the number of its entries (of a pagemap without its head, and\n"
		 "the number of pages) and its size in bytes.\n\n"
		 "  -h, --help  this text\n",
	.run = info_run,
};
