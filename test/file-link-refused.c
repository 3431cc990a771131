// SPDX-License-Identifier: GPL-2.0-only
/* Without --link-remap a file that has only other names is refused. */
#include "test/crtest.h"

static int fd;

static void arrange(void)
{
	fd = tmp_file("first", 1000, 1, O_RDWR);
	must(link("first", "second"));
	must(unlink("first"));
}

static void verify(void)
{
	check_eq(lseek(fd, 0, SEEK_END), 1000);
}

CRTEST(.about = "files with another name", .ids = "FS-17", .refused = "first|other names|--link-remap",
       .arrange = arrange, .verify = verify)
