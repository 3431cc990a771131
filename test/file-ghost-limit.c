// SPDX-License-Identifier: GPL-2.0-only
/* A deleted file of more than 1 MiB, holes not counted, is refused unless --ghost-limit allows it. */
#include "test/crtest.h"

static char buf[1 << 20];
static int fd;

static void arrange(void)
{
	fd = tmp_file("large", 0, 1, O_RDWR);
	must(unlink("large"));
	fill_random(buf, sizeof(buf), 5);
	must(pwrite(fd, buf, sizeof(buf), 0));
	must(pwrite(fd, buf, sizeof(buf), 1 << 30));
}

static void verify(void)
{
	check_eq(pread(fd, buf, sizeof(buf), 1 << 30), sizeof(buf));
	check_random(buf, sizeof(buf), 5);
}

CRTEST(.about = "large deleted files", .ids = "FS-23", .arrange = arrange, .verify = verify,
       .refused = "large|2048 KiB|--ghost-limit")
