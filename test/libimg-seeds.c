// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzz targets without a fuzzer: each gets the corpus, and every input that ever made it fail (test/fuzz/seeds). That
 * it comes back is all that is asked for; the targets abort when something is wrong.
 */
#include <glob.h>
#include <stdint.h>

#define LLVMFuzzerTestOneInput fuzz_img_decode
#include "test/fuzz/img-decode.c"
#undef LLVMFuzzerTestOneInput
int fuzz_img_encode(const uint8_t *buf, size_t len);
#define LLVMFuzzerTestOneInput fuzz_img_encode
#include "test/fuzz/img-encode.c"
#undef LLVMFuzzerTestOneInput
int fuzz_img_read(const uint8_t *buf, size_t len);
#define LLVMFuzzerTestOneInput fuzz_img_read
#include "test/fuzz/img-read.c"
#undef LLVMFuzzerTestOneInput
int fuzz_img_pagemap(const uint8_t *buf, size_t len);
#define LLVMFuzzerTestOneInput fuzz_img_pagemap
#include "test/fuzz/img-pagemap.c"
#undef LLVMFuzzerTestOneInput

typedef int target_fn(const uint8_t *buf, size_t len);

static unsigned long inputs;

static void feed(target_fn *target, const char *path)
{
	FILE *f = fopen(path, "re");
	long size;
	uint8_t *p;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) {
		perror(path);
		exit(99);
	}
	p = malloc((size_t)size + 1);
	if (!p || fread(p, 1, (size_t)size, f) != (size_t)size)
		exit(99);
	fclose(f);
	fprintf(stderr, "%s\n", path); /* the last one is the one that failed */
	target(p, (size_t)size);
	free(p);
	inputs++;
}

static void feed_all(target_fn *target, const char *pattern)
{
	const char *top = getenv("CR_TOP");
	char full[4096];
	glob_t g;

	snprintf(full, sizeof(full), "%s/test/%s", top ? top : ".", pattern);
	if (!glob(full, 0, NULL, &g)) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			feed(target, g.gl_pathv[i]);
	}
	globfree(&g);
}

int main(void)
{
	feed_all(fuzz_img_decode, "data/criu-images/*/img/*");
	feed_all(fuzz_img_read, "data/criu-images/*/img/*");
	feed_all(fuzz_img_pagemap, "data/criu-images/*/img/pagemap-*");
	feed_all(fuzz_img_encode, "data/criu-images/*/json/*");
	feed_all(fuzz_img_encode, "data/criu-images/*/pretty/*");
	if (inputs < 300) {
		printf("only %lu inputs: no corpus?\n", inputs);
		return 99;
	}
	feed_all(fuzz_img_decode, "fuzz/seeds/img-decode/*");
	feed_all(fuzz_img_read, "fuzz/seeds/img-read/*");
	feed_all(fuzz_img_pagemap, "fuzz/seeds/img-pagemap/*");
	feed_all(fuzz_img_encode, "fuzz/seeds/img-encode/*");
	printf("%lu inputs\n", inputs);
	return 0;
}
