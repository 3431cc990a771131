// SPDX-License-Identifier: GPL-2.0-only
/* Open files, also deleted ones, on an overlay and on a mount that is read-only while its filesystem is not. */
#include <sched.h>
#include <sys/mount.h>

#include "test/crtest.h"

static int lower, upper, copied, gone, bound, bound_gone, bound_linked;
static char *mapped;

static void arrange_overlay(void)
{
	must(mkdir("lower", 0755));
	must(mkdir("upper", 0755));
	must(mkdir("work", 0755));
	must(mkdir("merged", 0755));
	close(tmp_file("lower/lower", PAGE, 1, O_RDWR));
	close(tmp_file("lower/copied", 200, 2, O_RDWR));
	close(tmp_file("lower/gone", 300, 3, O_RDWR));
	if (mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work"))
		skip("no overlayfs here: %s", strerror(errno));
	lower = must(open("merged/lower", O_RDONLY));
	mapped = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, lower, 0);
	upper = tmp_file("merged/upper", 400, 4, O_RDWR);
	copied = must(open("merged/copied", O_RDWR));
	must(pwrite(copied, "changed", 7, 0));
	gone = must(open("merged/gone", O_RDWR));
	must(unlink("merged/gone"));
}

static void arrange_bind(void)
{
	must(mkdir("dir", 0755));
	must(mkdir("bound", 0755));
	close(tmp_file("dir/file", 500, 5, O_RDWR));
	close(tmp_file("dir/gone", 600, 6, O_RDWR));
	close(tmp_file("dir/linked", 700, 7, O_RDWR));
	must(mount("dir", "bound", NULL, MS_BIND, NULL));
	must(mount(NULL, "bound", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	bound = must(open("bound/file", O_RDONLY));
	bound_gone = must(open("bound/gone", O_RDONLY));
	bound_linked = must(open("bound/linked", O_RDONLY));
	must(unlink("dir/gone"));
	must(link("dir/linked", "dir/other"));
	must(unlink("dir/linked"));
}

static void arrange(void)
{
	arrange_overlay();
	arrange_bind();
}

static void check_content(int fd, off_t size, uint64_t seed)
{
	char data[PAGE];

	check_eq(pread(fd, data, sizeof(data), 0), size);
	check_random(data, size & ~7, seed);
}

static void verify(void)
{
	char buf[8];

	check_content(lower, PAGE, 1);
	check_random(mapped, PAGE, 1);
	check_content(upper, 400, 4);
	check_eq(pread(copied, buf, 7, 0), 7);
	check_mem(buf, "changed", 7);
	check_content(gone, 300, 3);
	check_eq(pwrite(gone, "more", 4, 300), 4);
	check_content(bound, 500, 5);
	check_content(bound_gone, 600, 6);
	check_content(bound_linked, 700, 7);
	check_fails(access("merged/gone", F_OK), ENOENT);
	check_fails(access("dir/gone", F_OK), ENOENT);
	check_eq(umount2("bound", MNT_DETACH), 0);
	check_eq(umount2("merged", MNT_DETACH), 0);
}

CRTEST(.about = "overlayfs, read-only mounts", .ids = "X-27", .root = true, .opts = "--link-remap", .arrange = arrange,
       .verify = verify)
