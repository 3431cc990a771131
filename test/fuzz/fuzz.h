/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzz targets share: memory files for what goes in and what comes out. */
#ifndef CRKIT_TEST_FUZZ_H
#define CRKIT_TEST_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libimg/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len);

struct fuzz_files {
	bool open;
	int in, middle, out;
};

static inline void fuzz_rewind(int fd)
{
	if (lseek(fd, 0, SEEK_SET))
		abort();
}

static inline void fuzz_begin(struct fuzz_files *f, const uint8_t *buf, size_t len)
{
	if (!f->open) {
		f->in = memfd_create("in", MFD_CLOEXEC);
		f->middle = memfd_create("middle", MFD_CLOEXEC);
		f->out = memfd_create("out", MFD_CLOEXEC);
		f->open = true;
	}
	if (ftruncate(f->in, 0) || ftruncate(f->middle, 0) || ftruncate(f->out, 0) ||
	    pwrite(f->in, buf, len, 0) != (ssize_t)len)
		abort();
	fuzz_rewind(f->in);
	fuzz_rewind(f->middle);
	fuzz_rewind(f->out);
}

static inline bool fuzz_same(int fd, const uint8_t *buf, size_t len)
{
	off_t size = lseek(fd, 0, SEEK_END);
	uint8_t *got = malloc(len + 1);
	bool same = got && size == (off_t)len && pread(fd, got, len, 0) == (ssize_t)len && !memcmp(got, buf, len);

	free(got);
	return same;
}

/* Does the JSON name a raw image? */
static inline bool fuzz_is_raw(const uint8_t *buf, size_t len)
{
	for (unsigned int i = 0; i < IMG_COUNT; i++) {
		const struct img_type *t = img_type(i);

		if (!t->desc && memmem(buf, len, t->name, strlen(t->name)))
			return true;
	}
	return false;
}

static inline void __attribute__((noreturn)) fuzz_fail(const char *what, const struct err *e)
{
	fprintf(stderr, "%s: %s: %s\n", what, e ? e->where : "", e ? e->what : "");
	abort();
}

#endif
