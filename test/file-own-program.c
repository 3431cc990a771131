// SPDX-License-Identifier: GPL-2.0-only
/* A descriptor of the program's own file: its offset is 0 before and after. */
#include "test/crtest.h"

static int fd;

static void arrange(void)
{
	fd = must(open("/proc/self/exe", O_RDONLY));
}

static void verify(void)
{
	char magic[4];

	check_eq(lseek(fd, 0, SEEK_CUR), 0);
	check_eq(read(fd, magic, 4), 4);
	check_mem(magic, "\177ELF", 4);
}

CRTEST(.about = "descriptor of the own program", .ids = "FS-7", .arrange = arrange, .verify = verify)
