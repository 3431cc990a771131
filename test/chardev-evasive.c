// SPDX-License-Identifier: GPL-2.0-only
/* With --evasive-devices, a device whose node is hidden, or gone while it has another name, is opened by that of /dev. */
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "test/crtest.h"

static int hidden, gone;

static void arrange(void)
{
	must(mkdir("nodes", 0700));
	must(mknod("nodes/null", S_IFCHR | 0666, makedev(1, 3)));
	hidden = must(open("nodes/null", O_RDWR));
	must(mount("none", "nodes", "tmpfs", 0, NULL));
	must(mknod("zero", S_IFCHR | 0666, makedev(1, 5)));
	gone = must(open("zero", O_RDONLY));
	must(link("zero", "other"));
	must(unlink("zero"));
}

static void verify(void)
{
	struct stat st;
	char buf[4] = "xyz";

	check_eq(fstat(hidden, &st), 0);
	check_eq(st.st_rdev, makedev(1, 3));
	check_eq(write(hidden, buf, 4), 4);
	check_eq(fstat(gone, &st), 0);
	check_eq(st.st_rdev, makedev(1, 5));
	check_eq(read(gone, buf, 4), 4);
	check_mem(buf, "\0\0\0", 4);
	check_eq(umount2("nodes", MNT_DETACH), 0);
}

CRTEST(.about = "device nodes that are not found", .ids = "X-19", .root = true, .busy = true,
       .opts = "--evasive-devices", .arrange = arrange, .verify = verify)
