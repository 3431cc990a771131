// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer: any text as JSON. What encodes must decode. */
#include "test/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	static struct fuzz_files f;
	struct err e;

	fuzz_begin(&f, buf, len);
	if (img_encode(f.in, "json", f.middle, "image", &e))
		return 0;
	fuzz_rewind(f.middle);
	/* Raw images have no magic, so nothing says what they are. */
	if (img_decode(f.middle, "image", f.out, "json", 0, &e) && !fuzz_is_raw(buf, len))
		fuzz_fail("what was encoded cannot be decoded", &e);
	return 0;
}
