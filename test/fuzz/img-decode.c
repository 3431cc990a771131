// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer: any bytes as an image. What decodes must encode to the same bytes. */
#include "test/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	static struct fuzz_files f;
	struct err e;

	fuzz_begin(&f, buf, len);
	/* The name makes bytes without a magic no raw image. */
	if (img_decode(f.in, "image", f.middle, "json", len & 1 ? IMG_JSON_PRETTY : 0, &e))
		return 0;
	fuzz_rewind(f.middle);
	if (img_encode(f.middle, "json", f.out, "image", &e))
		fuzz_fail("what was decoded cannot be encoded", &e);
	if (!fuzz_same(f.out, buf, len))
		fuzz_fail("decode and encode give other bytes", NULL);
	return 0;
}
