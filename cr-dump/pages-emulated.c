// SPDX-License-Identifier: GPL-2.0-only
/*
 * PAGEMAP_SCAN for kernels before 6.7, out of /proc/PID/pagemap: eight bytes to read for each page of address space, used or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/kernel.h"
#include "cr-dump/pages.h"

#define PM_PRESENT (1ull << 63)
#define PM_SWAPPED (1ull << 62)
#define PM_FILE	   (1ull << 61)
#define PM_GUARD   (1ull << 58)
#define PM_FRAME   ((1ull << 55) - 1)
#define ENTRIES	   8192

/* The frame that stands for pages that were only read so far: asked of a page of our own. 0, as without CAP_SYS_ADMIN, is none. */
static uint64_t zero_frame(void)
{
	_cleanup_close_ int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	volatile char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t entry = 0;

	if (page == MAP_FAILED)
		return 0;
	(void)page[0];
	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)page / PAGE * sizeof(entry)) != sizeof(entry))
		entry = 0;
	munmap((void *)page, PAGE);
	return entry & PM_PRESENT ? entry & PM_FRAME : 0;
}

static uint64_t categories(uint64_t entry, uint64_t zero)
{
	uint64_t ret = 0;

	if (entry & PM_PRESENT)
		ret |= KERNEL_PAGE_PRESENT;
	if (entry & PM_SWAPPED)
		ret |= KERNEL_PAGE_SWAPPED;
	if (entry & PM_FILE)
		ret |= KERNEL_PAGE_FILE;
	if (entry & PM_GUARD)
		ret |= KERNEL_PAGE_GUARD;
	if (zero && entry & PM_PRESENT && (entry & PM_FRAME) == zero)
		ret |= KERNEL_PAGE_PFNZERO;
	return ret;
}

static bool is_wanted(const struct kernel_pm_scan_arg *arg, uint64_t has)
{
	has ^= arg->category_inverted;
	if ((has & arg->category_mask) != arg->category_mask)
		return false;
	return !arg->category_anyof_mask || has & arg->category_anyof_mask;
}

/* Adds the page at addr. False when it would begin one region too many. */
static bool add_page(const struct kernel_pm_scan_arg *arg, int *nr, uint64_t addr, uint64_t has)
{
	struct kernel_page_region *regions = (void *)(uintptr_t)arg->vec, *last = *nr ? &regions[*nr - 1] : NULL;

	has &= arg->return_mask;
	if (last && last->end == addr && last->categories == has) {
		last->end += PAGE;
		return true;
	}
	if ((uint64_t)*nr == arg->vec_len)
		return false;
	regions[(*nr)++] = (struct kernel_page_region){ addr, addr + PAGE, has };
	return true;
}

int pages_emulated_scan(int fd, struct kernel_pm_scan_arg *arg)
{
	_cleanup_free_ uint64_t *entries = malloc(ENTRIES * sizeof(*entries));
	uint64_t zero = zero_frame();
	int nr = 0;

	if (!entries)
		return -1;
	arg->walk_end = arg->start;
	while (arg->walk_end < arg->end) {
		uint64_t left = (arg->end - arg->walk_end) / PAGE;
		size_t size = (left < ENTRIES ? left : ENTRIES) * sizeof(*entries);
		ssize_t n = pread(fd, entries, size, arg->walk_end / PAGE * sizeof(*entries));

		if (n < (ssize_t)sizeof(*entries)) {
			errno = n < 0 ? errno : EIO;
			return -1;
		}
		for (size_t i = 0; i < n / sizeof(*entries); i++, arg->walk_end += PAGE) {
			uint64_t has = categories(entries[i], zero);

			if (is_wanted(arg, has) && !add_page(arg, &nr, arg->walk_end, has))
				return nr;
		}
	}
	return nr;
}
