// SPDX-License-Identifier: GPL-2.0-only
/* Children in a changed root: a file made inside, a file opened outside. */
#include "test/crtest.h"

static int inside, outside;
static struct task *children[2];

static void enter(void)
{
	must(mkdir("jail", 0755));
	must(chroot("jail"));
	must(chdir("/"));
}

static void make_inside(void *arg)
{
	enter();
	must(mkdir("/dir", 0755));
	inside = must(open("/dir/file", O_RDWR | O_CREAT, 0600));
	must(write(inside, "in", 2));
}

static void use_inside(void *arg)
{
	struct stat a, b;
	char buf[4] = "";

	check_eq(pread(inside, buf, 4, 0), 2);
	check_str(buf, "in");
	check_eq(fstat(inside, &a), 0);
	check_eq(stat("/dir/file", &b), 0);
	check(a.st_ino == b.st_ino);
	check(getcwd(buf, sizeof(buf)));
	check_str(buf, "/");
}

static void open_outside(void *arg)
{
	outside = tmp_file("outer-file", 8, 1, O_RDONLY);
	must(chroot("jail"));
}

static void use_outside(void *arg)
{
	char buf[8];

	check_eq(read(outside, buf, 8), 8);
	check_random(buf, 8, 1);
	check_fails(open("/mnt/src", O_PATH), ENOENT);
	/* The current directory is still outside. */
	check_eq(access("outer-file", F_OK), 0);
}

static void arrange(void)
{
	children[0] = task_child(make_inside, use_inside, NULL);
	children[1] = task_child(open_outside, use_outside, NULL);
}

static void verify(void)
{
	task_join(children[0]);
	task_join(children[1]);
	check_eq(access("/mnt/src", F_OK), 0);
}

CRTEST(.about = "changed root directory", .ids = "FS-28", .root = true, .arrange = arrange, .verify = verify)
