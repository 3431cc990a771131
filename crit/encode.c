// SPDX-License-Identifier: GPL-2.0-only
/* crit encode: JSON as an image. */
#include <unistd.h>

#include "base/guard.h"
#include "crit/crit.h"
#include "libimg/json.h"

static int encode(const char *in, const char *out, struct err *e)
{
	_cleanup_output_ struct output o = { .fd = -1 };
	_cleanup_close_ int fd = crit_open_input(in, e);

	if (fd < 0 || output_open(&o, out, e))
		return CRIT_FAILED;
	if (img_encode(fd, in ? in : "standard input", o.fd, o.name, e))
		return CRIT_FAILED;
	return output_commit(&o, e) ? CRIT_FAILED : CRIT_OK;
}

static int encode_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	const char *in = NULL, *out = NULL;
	int c, status;

	while ((c = crit_option(self, argc, argv, &status, e)) > 0) {
		if (c == 'i')
			in = optarg;
		else
			out = optarg;
	}
	if (c < 0)
		return status;
	if (optind < argc)
		return crit_usage(e, "encode: unexpected \"%s\"; the JSON file is given by -i", argv[optind]);
	return encode(in, out, e);
}

static const struct option options[] = {
	{ "in", required_argument, NULL, 'i' },
	{ "out", required_argument, NULL, 'o' },
	{ 0 },
};

const struct crit_verb verb_encode = {
	.name = "encode",
	.summary = "JSON as an image",
	.usage = "encode [-i FILE] [-o IMAGE]\n"
		 "Converts JSON, as \"crit decode\" writes it with or without --pretty, to an image.\n"
		 "Nothing takes the place of IMAGE unless all of FILE is good.\n\n"
		 "  -i, --in FILE    the JSON file (default: standard input)\n"
		 "  -o, --out IMAGE  the image (default: standard output)\n"
		 "  -h, --help       this text\n",
	.options = options,
	.letters = "i:o:",
	.run = encode_run,
};
