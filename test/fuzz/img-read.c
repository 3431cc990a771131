// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer: any bytes through the reader that cr-restore uses: messages are unpacked, written again and freed. */
#include "test/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	static struct fuzz_files f;
	struct img_reader *r = NULL;
	struct img_writer *w = NULL;
	ProtobufCMessage *msg;
	struct err e;

	fuzz_begin(&f, buf, len);
	if (img_open_fd(f.in, "image", &r, &e))
		return 0;
	if (img_create_fd(f.out, "copy", img_reader_type(r)->id, img_reader_is_v1_0(r), &w, &e))
		abort();
	while (img_get(r, &msg, &e) > 0) {
		if (img_put(w, msg, &e))
			fuzz_fail("what was read cannot be written", &e);
		img_free(msg);
	}
	if (img_finish(&w, &e))
		abort();
	img_close(&r);
	return 0;
}
