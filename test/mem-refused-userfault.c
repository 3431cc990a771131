// SPDX-License-Identifier: GPL-2.0-only
/* Memory whose faults somebody handles by userfaultfd(2): refused, the descriptor and the mapping. */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "test/crtest.h"

static char *mem;

static void arrange(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	if (fd < 0)
		skip("no userfaultfd(2): %s", strerror(errno));
	must(ioctl(fd, UFFDIO_API, &api));
	mem = map_anon(2 * PAGE, PROT_READ | PROT_WRITE, 0);
	mem[0] = 'm';
	reg.range.start = (uintptr_t)mem;
	reg.range.len = 2 * PAGE;
	must(ioctl(fd, UFFDIO_REGISTER, &reg));
}

static void verify(void)
{
	check_eq(mem[0], 'm');
	check(strstr(vm_flags(mem), " um"));
}

CRTEST(.about = "user faults", .ids = "G-6", .root = true, .refused = "a userfaultfd|memory watched by userfaultfd",
       .arrange = arrange, .verify = verify)
