// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer: any bytes as the archive of a checkpoint, verified as a whole. Whatever is found must name an image. */
#include "crit/verify.h"
#include "test/fuzz/fuzz.h"

static int take(void *arg, const struct finding *f, struct err *e)
{
	if (!f->image || !f->text || !*f->text)
		fuzz_fail("a finding that says nothing", NULL);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	static struct fuzz_files f;
	struct source *s = NULL;
	char path[64];
	struct err e;
	size_t nr;

	fuzz_begin(&f, buf, len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f.in);
	if (source_open(&s, path, &e))
		return 0;
	verify_source(s, take, NULL, &nr, &e);
	source_close(&s);
	return 0;
}
