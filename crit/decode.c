// SPDX-License-Identifier: GPL-2.0-only
/* crit decode: an image as JSON. */
#include <unistd.h>

#include "base/guard.h"
#include "crit/crit.h"
#include "libimg/json.h"

static int decode(const char *in, const char *out, unsigned int flags, struct err *e)
{
	_cleanup_output_ struct output o = { .fd = -1 };
	_cleanup_close_ int fd = crit_open_input(in, e);

	if (fd < 0 || output_open(&o, out, e))
		return CRIT_FAILED;
	if (img_decode(fd, in ? in : "standard input", o.fd, o.name, flags, e))
		return CRIT_FAILED;
	/* For the next prompt; files get exactly the JSON. */
	if (isatty(o.fd) && write(o.fd, "\n", 1) < 0)
		return err_set(e, errno, "cannot write %s", o.name), CRIT_FAILED;
	return output_commit(&o, e) ? CRIT_FAILED : CRIT_OK;
}

static int decode_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	const char *in = NULL, *out = NULL;
	unsigned int flags = 0;
	int c, status;

	while ((c = crit_option(self, argc, argv, &status, e)) > 0) {
		if (c == 'i')
			in = optarg;
		else if (c == 'o')
			out = optarg;
		else
			flags |= c == 'p' ? IMG_JSON_PRETTY : IMG_JSON_NO_PAYLOAD;
	}
	if (c < 0)
		return status;
	if (optind < argc)
		return crit_usage(e, "decode: unexpected \"%s\"; the image is given by -i", argv[optind]);
	return decode(in, out, flags, e);
}

static const struct option options[] = {
	{ "in", required_argument, NULL, 'i' },
	{ "out", required_argument, NULL, 'o' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "nopl", no_argument, NULL, 'n' },
	{ 0 },
};

const struct crit_verb verb_decode = {
	.name = "decode",
	.summary = "an image as JSON",
	.usage = "decode [-i IMAGE] [-o FILE] [--pretty] [--nopl]\n"
		 "Converts an image to JSON, which \"crit encode\" converts back to the same bytes.\n\n"
		 "  -i, --in IMAGE   the image (default: standard input)\n"
		 "  -o, --out FILE   the JSON file (default: standard output)\n"
		 "      --pretty     indented, with names and hexadecimal numbers where they help\n"
		 "      --nopl       sizes instead of payloads (pipe contents and the like)\n"
		 "  -h, --help       this text\n",
	.options = options,
	.letters = "i:o:",
	.run = decode_run,
};
