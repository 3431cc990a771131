// SPDX-License-Identifier: GPL-2.0-only
/* Memory of memfd_secret(2) cannot be read by others, not even the kernel: refused, as a file and as a mapping. */
#include "test/crtest.h"

static char *mem;
static int fd;

static void arrange(void)
{
	fd = syscall(SYS_memfd_secret, 0);
	if (fd < 0)
		skip("no memfd_secret(2): %s", strerror(errno));
	must(ftruncate(fd, PAGE));
	mem = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	mem[0] = 's';
}

static void verify(void)
{
	check_eq(mem[0], 's');
}

CRTEST(.about = "secret memory", .ids = "G-6", .refused = "fd|mapping|memfd_secret", .arrange = arrange,
       .verify = verify)
