// SPDX-License-Identifier: GPL-2.0-only
/* The same with a memfd of huge pages. */
#include <linux/memfd.h>

#define UNIT	   (2ul << 20)
#define FLAGS	   (MFD_HUGETLB | MFD_HUGE_2MB)
#define READ_WRITE 1
#define IDS	   "MEM-20"
#define SOLO	   true /* there are few */
#include "test/mem-memfd-maps.c"
