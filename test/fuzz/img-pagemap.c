// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any bytes as a page map. What is read must be as libimg.h says: ascending runs, places that follow each other
 * in the pages image, and every page found where it is.
 */
#include "test/fuzz/fuzz.h"

static void check_run(const struct img_pagemap *m, size_t i, uint64_t *place)
{
	const struct img_run *run = &m->runs[i];
	uint64_t end = run->addr + run->nr * IMG_PAGE_SIZE;

	if (!run->nr || run->addr % IMG_PAGE_SIZE || end < run->addr)
		fuzz_fail("an impossible run", NULL);
	if (i && run->addr < run[-1].addr + run[-1].nr * IMG_PAGE_SIZE)
		fuzz_fail("runs out of order", NULL);
	if (run->flags & IMG_PRESENT) {
		if (run->off != *place)
			fuzz_fail("a run is not behind the one before it in the pages image", NULL);
		*place += run->nr * IMG_PAGE_SIZE;
	}
	if (img_pagemap_find(m, run->addr) != i || img_pagemap_find(m, end - IMG_PAGE_SIZE) != i)
		fuzz_fail("a page is not found", NULL);
	if (img_pagemap_find(m, end) != i + 1)
		fuzz_fail("the run behind a hole is not found", NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	static struct fuzz_files f;
	struct img_pagemap m = { 0 };
	struct img_reader *r = NULL;
	uint64_t place = 0;
	struct err e;

	fuzz_begin(&f, buf, len);
	if (img_open_fd(f.in, "pagemap-1.img", &r, &e))
		return 0;
	if (img_reader_type(r)->extra == IMG_EXTRA_PAGEMAP && !img_get_pagemap(r, &m, &e)) {
		for (size_t i = 0; i < m.nr_runs; i++)
			check_run(&m, i, &place);
		if (place != m.size)
			fuzz_fail("the size is not that of all runs", NULL);
		if (img_pagemap_find(&m, 0) != 0)
			fuzz_fail("the first run is not found", NULL);
	}
	img_pagemap_free(&m);
	img_close(&r);
	return 0;
}
